import { formatSubject, SkippedLog } from '@osi-linux/core';
import { codeOf } from '@osi-linux/test-fixtures/expect';
import { FakeFileTree, FakeKernel } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import { Task } from '../task/task';
import { eachOpenFile } from './file-table';

const FILES = 0xffff888050000000n;
const FDTABLE = FILES + 0x1000n;
const SLOTS = FILES + 0x2000n;
const BITS = FILES + 0x4000n;
const keys = {
  'task.files_offset': 0x860,
  'files.count_offset': 0,
  'fs.fdt_offset': 0x20,
  'fs.fdtab_offset': 0x28,
  'fs.max_fds_offset': 0,
  'fs.fd_offset': 8,
  'fs.close_on_exec_offset': 0x10,
  'fs.open_fds_offset': 0x18,
};

/** A process with a large table: files in some of its descriptors, and 5 reserved. */
function createGuest(used: readonly number[] = [0, 3, 200], maxFds = 256, without: readonly string[] = []) {
  const tasks = new FakeKernel([
    { pid: 0, comm: 'swapper/0' },
    { pid: 1, comm: 'init', args: ['init'] },
  ]);
  const tree = new FakeFileTree(tasks.memory);
  const superBlock = tree.superBlock('ext4');
  const root = tree.entry({ name: '/', superBlock, directory: true });
  const file = tree.file(tree.mount({ id: 1, superBlock, root }), root);
  const { memory } = tasks;
  memory.writeWord(tasks.task(1) + BigInt(keys['task.files_offset']), FILES);
  memory.writeInt(FILES, 1);
  memory.writeWord(FILES + 0x20n, FDTABLE);
  memory.writeInt(FDTABLE, maxFds);
  memory.writeWord(FDTABLE + 8n, SLOTS);
  memory.writeWord(FDTABLE + 0x10n, BITS + 0x800n);
  memory.writeWord(FDTABLE + 0x18n, BITS);
  for (let page = 0; page < 2; page += 1) memory.writeWord(SLOTS + BigInt(page * 0x1000), 0n);
  const setBit = (mask: bigint, fd: number) => {
    const at = mask + BigInt(fd >> 5) * 4n;
    const before = memory.page(at)?.view.getUint32(Number(at & 0xfffn), true) ?? 0;
    memory.writeInt(at, before | (1 << (fd & 31)));
  };
  for (const fd of used) {
    memory.writeWord(SLOTS + BigInt(fd * 8), file);
    setBit(BITS, fd);
  }
  setBit(BITS, 5);
  setBit(BITS + 0x800n, 3);
  const known = Object.entries(keys).filter(([key]) => !without.includes(key));
  const kernel = { memory, info: { ...tasks.info, ...tree.info, ...Object.fromEntries(known) } };
  const list = () => {
    const skipped = new SkippedLog();
    const rows = [...eachOpenFile(kernel, new Task(kernel, tasks.task(1)), skipped)].map(
      ({ fd, closeOnExec }) =>
        `${fd}${closeOnExec ? ' cloexec' : (closeOnExec ?? ' unknown')}`.replace('false', ''),
    );
    return {
      rows,
      skipped: skipped.records.map(({ subject, reason }) => `${formatSubject(subject)} ${reason.code}`),
    };
  };
  return { memory, list, file, task: tasks.task(1) };
}

describe('eachOpenFile', () => {
  it('yields what is open, ascending; a descriptor that is only reserved is none', () => {
    expect(createGuest().list()).toEqual({ rows: ['0', '3 cloexec', '200'], skipped: [] });
  });

  it('yields nothing for a task that has ended', () => {
    const { memory, list, task } = createGuest();
    memory.writeWord(task + BigInt(keys['task.files_offset']), 0n);
    expect(list()).toEqual({ rows: [], skipped: [] });
  });

  it('reports a file whose bit is clear, and has no row for it', () => {
    const { memory, list } = createGuest();
    memory.writeInt(BITS, 1);
    expect(list()).toEqual({ rows: ['0', '200'], skipped: ['pid 1: fd 3 FD_NOT_OPEN'] });
  });

  it('reports slots that are blank while several descriptors are in use', () => {
    const { memory, list } = createGuest();
    memory.writeBytes(SLOTS, new Uint8Array(256 * 8));
    expect(list()).toEqual({ rows: [], skipped: ['pid 1: fds 0 to 255 STRUCT_IMPLAUSIBLE'] });
  });

  it('reads the small table inside of files_struct', () => {
    const { memory, list } = createGuest([0, 63]);
    const fdtab = FILES + 0x28n;
    memory.writeWord(FILES + 0x20n, fdtab);
    memory.writeInt(fdtab, 64);
    memory.writeWord(fdtab + 8n, SLOTS);
    memory.writeWord(fdtab + 0x10n, BITS + 0x800n);
    memory.writeWord(fdtab + 0x18n, BITS);
    expect(list().rows).toEqual(['0', '63']);
    memory.writeInt(fdtab, 128);
    expect(codeOf(list)).toBe('STRUCT_IMPLAUSIBLE');
  });

  it('goes by the slots alone where the profile has the keys of PANDA only', () => {
    const ours = ['fs.max_fds_offset', 'fs.open_fds_offset', 'fs.close_on_exec_offset', 'files.count_offset'];
    const { memory, list } = createGuest([0, 3, 200], 256, ours);
    const rows = ['0 unknown', '3 unknown', '200 unknown'];
    expect(list()).toEqual({ rows, skipped: [] });
    memory.writeInt(FDTABLE, 257);
    expect(codeOf(list)).toBe('STRUCT_IMPLAUSIBLE');
  });

  it('names the key where `fd` is not the second member', () => {
    const { list } = createGuest([0], 256, ['fs.max_fds_offset', 'fs.fd_offset']);
    expect(codeOf(list)).toBe('PROFILE_KEY_MISSING');
  });

  it('goes on behind a missing page of slots', () => {
    const { memory, list } = createGuest([0, 5000], 8192);
    for (let page = 2; page < 16; page += 1) memory.writeWord(SLOTS + 0x100000n + BigInt(page * 0x1000), 0n);
    for (let page = 0; page < 16; page += 1) {
      const from = SLOTS + BigInt(page * 0x1000);
      const bytes = memory.page(from)?.bytes ?? new Uint8Array(4096);
      memory.writeBytes(SLOTS + 0x100000n + BigInt(page * 0x1000), bytes);
    }
    memory.writeWord(FDTABLE + 8n, SLOTS + 0x100000n);
    memory.remove(SLOTS + 0x100000n);
    expect(list()).toEqual({ rows: ['5000'], skipped: ['pid 1: fds 0 to 4095 PAGE_NOT_PRESENT'] });
  });

  it.each([
    ['nobody uses', FILES, 0],
    ['has no room', FDTABLE, 0],
    ['has the size of the small one and is elsewhere', FDTABLE, 64],
    ['has an odd size', FDTABLE, 257],
    ['is larger than memory', FDTABLE, 0x40000000],
  ])('refuses a table that %s', (_, address, value) => {
    const { memory, list } = createGuest();
    memory.writeInt(address, value);
    expect(codeOf(list)).toBe('STRUCT_IMPLAUSIBLE');
  });

  it('gives up soon where the slots are nowhere', () => {
    const { memory, list } = createGuest([0], 1 << 24);
    memory.writeWord(FDTABLE + 8n, 0xffffc90000000000n);
    expect(list().skipped).toHaveLength(8);
  });
});
