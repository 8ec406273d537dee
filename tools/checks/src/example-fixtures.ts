import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SkippedLog } from '@osi-linux/core';
import { openGuest } from '@osi-linux/guest';
import { safeParseKeyFile } from '@osi-linux/kconf';
import { eachProcess } from '@osi-linux/kstruct';
import { BytesSource, openDump } from '@osi-linux/memory';
import { repository } from './workspace';

/** The recorded guest that the examples of the doc comments are run on. */
const recorded = join(repository, 'test-fixtures', 'recorded', 'debian-12-amd64');

/** What an example may `declare`: the parts of a recorded guest, by their usual names. */
export function exampleFixtures(): Record<string, unknown> {
  const dumpFile = join(recorded, 'guest.elf');
  const kconfFile = join(recorded, 'kernelinfo.conf');
  const dumpBytes = new Uint8Array(readFileSync(dumpFile));
  const kconf = new Uint8Array(readFileSync(kconfFile));
  const dump = openDump(new BytesSource(dumpBytes));
  const keyFile = safeParseKeyFile(kconf).file;
  const guest = openGuest(dump, { keyFile });
  const { kernel } = guest.profile;
  const task = [...eachProcess(kernel, new SkippedLog())].find((found) => found.tgid === 1);
  const { memory, info } = kernel;
  return {
    dumpFile,
    kconfFile,
    dumpBytes,
    kconf,
    dump,
    keyFile,
    guest,
    kernel,
    memory,
    info,
    task,
    mm: task?.mm,
  };
}
