import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SkippedLog } from '@osi-linux/core';
import { openDumpFile } from '@osi-linux/guest/node';
import { safeParseKeyFile } from '@osi-linux/kconf';
import {
  eachMount,
  eachOpenFile,
  eachProcess,
  eachVma,
  findReaderRoot,
  findSocket,
  type Kernel,
} from '@osi-linux/kstruct';
import { BytesSource, openDump } from '@osi-linux/memory';
import { OsiLinux } from '@osi-linux/osi-linux';
import { DamageSubject } from '@osi-linux/test-fixtures/damage';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';

const createLinux = (kernel: Kernel, cpus: OsiLinuxCpus) => new OsiLinux({ kernel, cpus });
type OsiLinuxCpus = ConstructorParameters<typeof OsiLinux>[0]['cpus'];

/** A guest to damage, with the bytes of its dump where these are few. */
export interface SubjectWithBytes {
  readonly subject: DamageSubject;
  readonly bytes: Uint8Array | undefined;
}

/** A recorded guest by its name, or a built one by its folder. */
export function openSubject(nameOrFolder: string): SubjectWithBytes {
  if (!existsSync(join(nameOrFolder, 'dump.elf'))) return openRecordedSubject(nameOrFolder);
  const { file: keyFile } = safeParseKeyFile(readFileSync(join(nameOrFolder, 'kernelinfo.conf')));
  const dump = openDumpFile(join(nameOrFolder, 'dump.elf'));
  return { subject: new DamageSubject({ dump, keyFile, createLinux }), bytes: undefined };
}

function openRecordedSubject(name: string): SubjectWithBytes {
  const { dumpFile, kconfFile } = readRecordedGuest(name);
  const bytes = new Uint8Array(readFileSync(dumpFile));
  const { file: keyFile } = safeParseKeyFile(readFileSync(kconfFile));
  const dump = openDump(new BytesSource(bytes));
  return { subject: new DamageSubject({ dump, keyFile, createLinux }), bytes };
}

/** Addresses of the structures that the listings read, by the C names under which the schema knows their members. */
export function findStructs(kernel: Kernel, linux: DamageSubject['linux']): Map<string, bigint[]> {
  const found = new Map<string, Set<bigint>>();
  const add = (struct: string, address: bigint | undefined) => {
    if (address === undefined) return;
    found.set(struct, (found.get(struct) ?? new Set()).add(address));
  };
  const skipped = new SkippedLog();
  for (const task of eachProcess(kernel, skipped)) {
    if (task.tgid === 0) continue;
    add('task_struct', task.address);
    add('cred', task.realCred.address);
    add('mm_struct', task.mm?.address);
    add('files_struct', task.files);
    add('fs_struct', task.fs?.address);
    for (const vma of task.mm === undefined ? [] : eachVma(kernel, task.mm, skipped))
      add('vm_area_struct', vma.address);
    for (const { file } of eachOpenFile(kernel, task, skipped)) {
      add('file', file.address);
      add('dentry', file.path.dentry);
      add('inode', file.inode.address);
      const socket = findSocket(kernel, file);
      add('socket', socket?.address);
      add('sock', socket?.sk.address);
    }
  }
  for (const mount of eachMount(kernel, findReaderRoot(kernel).mnt, skipped)) {
    add('vfsmount', mount.address);
    add('super_block', mount.superBlock.address);
  }
  for (const { modd } of linux.getModules()) add('module', modd);
  return new Map([...found].map(([struct, addresses]) => [struct, [...addresses]]));
}
