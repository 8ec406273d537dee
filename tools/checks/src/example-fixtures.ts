import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SkippedLog } from '@osi-linux/core';
import { openGuest } from '@osi-linux/guest';
import { safeParseKeyFile } from '@osi-linux/kconf';
import { eachProcess } from '@osi-linux/kstruct';
import { type BlobLike, BytesSource, openDump } from '@osi-linux/memory';
import { LiveMemory, QmpClient } from '@osi-linux/qemu';
import { FakeMonitor } from '@osi-linux/test-fixtures/fake-qemu';
import { repository } from './workspace';

/** The recorded guest that the examples of the doc comments are run on. */
const recorded = join(repository, 'test-fixtures', 'recorded', 'debian-12-amd64');

/** The values that an example may `declare`: the parts of a recorded guest, by their usual names. */
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
    file: blobOf(dumpBytes),
    reader: { readAsArrayBuffer: ({ bytes }: FakeFile) => bytes.slice().buffer },
    kconf,
    dump,
    keyFile,
    guest,
    kernel,
    memory,
    info,
    task,
    mm: task?.mm,
    liveParts: liveParts(),
  };
}

/** A machine that only runs or stands, as a live guest is made of. */
function liveParts(): object {
  const nothing = () => undefined;
  return {
    name: 'fake',
    qmp: QmpClient.open(new FakeMonitor().channel),
    memory: new LiveMemory({ worthOfRun: 0, readAhead: 4096, readRuns: () => [] }, []),
    guard: { arm: nothing, disarm: nothing, release: nothing },
    wasRunning: true,
    reading: { what: 'memory', value: 'not read', evidence: 'an example' },
    readState: () => ({ cpus: [] }),
    release: nothing,
  };
}

/** A file of a browser, as far as it is used. */
interface FakeFile extends BlobLike {
  readonly bytes: Uint8Array;
  slice(start: number, end: number): FakeFile;
}

/** The file that a user of a web page chose. */
function blobOf(bytes: Uint8Array): FakeFile {
  const slice = (start: number, end: number): FakeFile => blobOf(bytes.subarray(start, end));
  return { name: 'dump.elf', size: bytes.length, bytes, slice };
}
