import { formatSubject } from '@osi-linux/core';
import { FakeKernel } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import { OsiLinux } from '../osi-linux';

const KEYS = {
  'task.active_mm_offset': 0x868,
  'mm.mmap_offset': 0,
  'mm.map_count_offset': 0x40,
  'mm.start_brk_offset': 0x120,
  'mm.brk_offset': 0x128,
  'mm.start_stack_offset': 0x130,
  'vma.vm_mm_offset': 0x10,
  'vma.vm_start_offset': 0,
  'vma.vm_end_offset': 8,
  'vma.vm_flags_offset': 0x20,
  'vma.vm_next_offset': 0x30,
  'vma.vm_pgoff_offset': 0x60,
  'vma.vm_file_offset': 0x68,
} as const;
/** Where a thread's stack pointer is: in the registers at the end of a kernel stack of 8 KiB. */
const POINTERS = { 'task.stack_offset': 0x20, 'task.stack_sp_offset': 0x1ff0 } as const;
const GUARD = { 'vma.stack_guard_page_flag': 0x100 } as const;
const IN_PROCESS = {
  ...POINTERS,
  'vma.thread_stacks_in_process': 1,
  'vma.thread_stacks_in_thread': 1,
} as const;
const IN_THREAD = { ...POINTERS, 'vma.thread_stacks_in_thread': 1 } as const;

/** Address of the mm that the fake kernel gives to pid 10. */
const MM = 0xffff888001000000n + 10n * 0x2000n;
const VMAS = 0xffff888030000000n;
const startOf = (index: number) => 0x400000n + BigInt(index) * 0x10000n;

/** Anonymous mappings of pid 10, of 8 KiB each: the heap first, then four that may be stacks. The third is the main one. */
function createGuest(more: object, flags: readonly number[] = []) {
  const fake = new FakeKernel([
    { pid: 0, comm: 'swapper/0' },
    { pid: 10, ppid: 0, comm: 'daemon', args: ['daemon'], threads: ['one', 'two', 'three'] },
  ]);
  const { memory } = fake;
  memory.writeWord(MM, VMAS);
  memory.writeInt(MM + 0x40n, 5);
  memory.writeWord(MM + 0x120n, startOf(0));
  memory.writeWord(MM + 0x128n, startOf(0) + 0x1000n);
  memory.writeWord(MM + 0x130n, startOf(2) + 0x1800n);
  for (let index = 0; index < 5; index += 1) {
    const at = VMAS + BigInt(index) * 0x1000n;
    memory.writeWord(at, startOf(index));
    memory.writeWord(at + 8n, startOf(index) + 0x2000n);
    memory.writeWord(at + 0x10n, MM);
    memory.writeWord(at + 0x20n, BigInt(flags[index] ?? 0x73));
    memory.writeWord(at + 0x30n, index < 4 ? at + 0x1000n : 0n);
    memory.writeWord(at + 0x68n, 0n);
  }
  for (const tid of [10, 11, 12, 13]) {
    memory.writeWord(fake.task(tid) + 0x830n, MM);
    memory.writeWord(fake.task(tid) + 0x868n, MM);
    memory.writeWord(fake.task(tid) + 0x20n, stackOf(tid));
  }
  const point = (tid: number, pointer: bigint) => memory.writeWord(stackOf(tid) + 0x1ff0n, pointer);
  point(10, startOf(2) + 0x1700n);
  point(11, startOf(3) + 0x1000n);
  point(12, startOf(4) + 0x2000n);
  point(13, startOf(3) + 0x800n);
  const kernel = { memory, info: { ...fake.info, ...KEYS, ...more } };
  return { fake, memory, point, linux: new OsiLinux({ kernel, cpus: [] }) };
}

const stackOf = (tid: number) => 0xffff888040000000n + BigInt(tid) * 0x2000n;

type Guest = ReturnType<typeof createGuest>;
const namesOf = ({ linux }: Guest, threads = false) =>
  linux.getMappings({ pids: [10], threads }).map(({ tid, name }) => (tid === undefined ? name : [tid, name]));
const rangesOf = ({ linux }: Guest) =>
  linux.getMappings({ pids: [10] }).map(({ base, size }, index) => [Number(base - startOf(index)), size]);

const WHOLE = [0, 0x2000];
const BELOW_GUARD = [0x1000, 0x1000];

describe('the guard page of a stack', () => {
  it('is not shown by kernels that keep it in the mapping', () => {
    const flags = [0x73, 0x73, 0x173];
    expect(rangesOf(createGuest(GUARD, flags))).toEqual([WHOLE, WHOLE, BELOW_GUARD, WHOLE, WHOLE]);
    expect(rangesOf(createGuest({}, flags))).toEqual([WHOLE, WHOLE, WHOLE, WHOLE, WHOLE]);
  });

  it('is the lowest page only: a stack in several mappings has one', () => {
    const guest = createGuest(GUARD, [0x73, 0x173, 0x173, 0x173]);
    guest.memory.writeWord(VMAS + 0x1000n + 8n, startOf(2));
    expect(rangesOf(guest)).toEqual([WHOLE, [0x1000, 0xf000], WHOLE, BELOW_GUARD, WHOLE]);
  });

  it('leaves nothing of a stack of one page, and no name changes', () => {
    const guest = createGuest(GUARD, [0x73, 0x73, 0x173]);
    guest.memory.writeWord(VMAS + 0x2000n + 8n, startOf(2) + 0x1000n);
    guest.memory.writeWord(MM + 0x130n, startOf(2) + 0x10n);
    expect(rangesOf(guest)[2]).toEqual([0x1000, 0]);
    expect(namesOf(guest)[2]).toBe('[stack]');
  });
});

describe('stacks by the stack pointers of threads', () => {
  it('have the id of the first thread in them, but for that of the process', () => {
    const names = ['[heap]', '[???]', '[stack]', '[stack:11]', '[stack:12]'];
    expect(namesOf(createGuest(IN_PROCESS))).toEqual(names);
    const guest = createGuest(IN_PROCESS);
    guest.point(12, startOf(2));
    guest.point(10, startOf(1));
    expect(namesOf(guest)).toEqual(['[heap]', '[stack:10]', '[stack]', '[stack:11]', '[???]']);
  });

  it('are none without a pointer in them, not even where the stack began', () => {
    const guest = createGuest(IN_PROCESS);
    guest.point(10, startOf(0));
    expect(namesOf(guest).slice(0, 3)).toEqual(['[heap]', '[???]', '[???]']);
  });

  it('are those of a thread alone in its own rows, which are there if they differ', () => {
    const guest = createGuest(IN_PROCESS);
    guest.point(13, startOf(3));
    const rows = namesOf(guest, true);
    expect(rows).toHaveLength(20);
    expect(rows.slice(5, 10)).toEqual(
      ['[heap]', '[???]', '[???]', '[stack]', '[???]'].map((name) => [11, name]),
    );
    expect(rows[19]).toEqual([13, '[???]']);
  });

  it('leave the rows of the process as they are on kernels that ask for them in those of threads only', () => {
    const guest = createGuest(IN_THREAD);
    guest.point(12, startOf(2));
    expect(namesOf(guest)).toEqual(['[heap]', '[???]', '[stack]', '[???]', '[???]']);
    const tids = namesOf(guest, true).map((row) => (Array.isArray(row) ? row[0] : undefined));
    expect([...new Set(tids)]).toEqual([undefined, 11, 13]);
  });

  it('are not looked for on other kernels', () => {
    for (const keys of [{}, { ...POINTERS, 'vma.thread_stacks_in_thread': 0 }])
      expect(namesOf(createGuest(keys), true)).toEqual(['[heap]', '[???]', '[stack]', '[???]', '[???]']);
  });

  it('have no name if a pointer cannot be read, and the reason names the mapping', () => {
    const guest = createGuest(IN_PROCESS);
    guest.memory.remove(stackOf(13) + 0x1000n);
    const listing = guest.linux.getMappings({ pids: [10] });
    expect(listing.map(({ name }) => name)).toEqual(['[heap]', null, null, null, null]);
    expect(listing.skipped.map(({ subject }) => formatSubject(subject))).toContain(
      'pid 10: mapping 0x410000: file',
    );
  });
});
