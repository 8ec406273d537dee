import { formatSubject, OsiError } from '@osi-linux/core';
import { FakeFileTree, FakeKernel } from '@osi-linux/test-fixtures/fake-kernel';
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

/** Address of the mm that the fake kernel gives to a process. */
const mmOf = (pid: number) => 0xffff888001000000n + BigInt(pid) * 0x2000n;
const VMAS = 0xffff888030000000n;
const vmaAt = (pid: number, index: number) => VMAS + BigInt(pid) * 0x10000n + BigInt(index) * 0x1000n;
const startOf = (index: number) => 0x400000n + BigInt(index) * 0x10000n;

/** A guest whose pid 1 maps three files and has a heap, a stack and a page without a name. */
function createGuest() {
  const fake = new FakeKernel([
    { pid: 0, comm: 'swapper/0' },
    { pid: 1, comm: 'init', args: ['/sbin/init'] },
    { pid: 2, comm: 'kthreadd' },
    { pid: 10, ppid: 1, comm: 'daemon', args: ['daemon'], threads: ['worker'] },
  ]);
  const { memory } = fake;
  const files = new FakeFileTree(memory);
  const superBlock = files.superBlock('ext4');
  const root = files.entry({ name: '/', superBlock, directory: true });
  const mnt = files.mount({ id: 1, superBlock, root });
  const open = (name: string, deleted = false) =>
    files.file(mnt, files.entry({ name, parent: root, superBlock, deleted }));
  const mapped = [open('init'), open('gone', true), open('odd (deleted)'), 0n, 0n, 0n];
  place(fake, 1, mapped);
  for (const pid of [1, 10, 11]) memory.writeWord(fake.task(pid) + 0x868n, mmOf(pid === 11 ? 10 : pid));
  const kernel = { memory, info: { ...files.info, ...fake.info, ...KEYS } };
  return { fake, memory, kernel, mapped, linux: new OsiLinux({ kernel, cpus: [] }) };
}

function place({ memory }: FakeKernel, pid: number, files: readonly bigint[], mm = mmOf(pid)): void {
  memory.writeWord(mm, vmaAt(pid, 0));
  memory.writeInt(mm + 0x40n, files.length);
  memory.writeWord(mm + 0x120n, startOf(3));
  memory.writeWord(mm + 0x128n, startOf(3) + 0x1000n);
  memory.writeWord(mm + 0x130n, startOf(5) + 0x800n);
  files.forEach((file, index) => {
    const at = vmaAt(pid, index);
    memory.writeWord(at, startOf(index));
    memory.writeWord(at + 8n, startOf(index) + 0x2000n);
    memory.writeWord(at + 0x10n, mm);
    memory.writeWord(at + 0x20n, 0x8000073n);
    memory.writeWord(at + 0x30n, index + 1 < files.length ? vmaAt(pid, index + 1) : 0n);
    memory.writeWord(at + 0x60n, 3n);
    memory.writeWord(at + 0x68n, file);
  });
}

/**
 * Without a root directory of pid 1, paths start at the top: that is reported once, and not for a mapping.
 */
const ofMappings = (listing: ReturnType<OsiLinux['getMappings']>) =>
  listing.skipped
    .filter(({ subject }) => subject.kind !== 'reader-root' && subject.kind !== 'init-root')
    .map(({ subject, reason }) => `${formatSubject(subject)}: ${reason.code}`);

describe('getMappings', () => {
  it('has a row a mapping with what it is of', () => {
    const rows = createGuest().linux.getMappings({ pids: [1] });
    expect(rows.map(({ base, file, name, offset }) => [base, file, name, offset])).toEqual([
      [startOf(0), '/init', 'init', 0x3000n],
      [startOf(1), '/gone (deleted)', 'gone', 0x3000n],
      [startOf(2), '/odd (deleted)', 'odd (deleted)', 0x3000n],
      [startOf(3), null, '[heap]', 0n],
      [startOf(4), null, '[???]', 0n],
      [startOf(5), null, '[stack]', 0n],
    ]);
    expect(rows[0]).toMatchObject({
      pid: 1,
      modd: vmaAt(1, 0),
      size: 0x2000,
      flags: 0x8000073n,
      perms: 'rw-p',
    });
    expect(rows[0]).not.toHaveProperty('tid');
    expect(ofMappings(rows)).toEqual([]);
  });

  it('has none of threads of the kernel and of processes without mappings', () => {
    const { linux } = createGuest();
    expect(linux.getMappings({ pids: [2, 10] }).map(({ pid }) => pid)).toEqual([]);
    expect(new Set(linux.getMappings().map(({ pid }) => pid))).toEqual(new Set([1]));
  });

  it('has no rights of a mapping whose flags were zeroed', () => {
    const { memory, linux } = createGuest();
    memory.writeWord(vmaAt(1, 0) + 0x20n, 0n);
    const rows = linux.getMappings({ pids: [1] });
    expect(rows[0]).toMatchObject({ file: '/init', flags: null, perms: null });
    expect(ofMappings(rows)).toEqual([
      'pid 1: mapping 0x400000: flags: STRUCT_IMPLAUSIBLE',
      'pid 1: mapping 0x400000: perms: STRUCT_IMPLAUSIBLE',
    ]);
  });

  it('takes what names a process in the OSI API', () => {
    const { fake, linux } = createGuest();
    const handle = linux.getProcesses().find(({ pid }) => pid === 1)!;
    expect(linux.getMappings(handle)).toHaveLength(6);
    expect(linux.getMappings({ taskd: fake.task(10) })).toHaveLength(0);
  });

  it('gives a thread rows of its own where its leader has died', () => {
    const { fake, memory, linux } = createGuest();
    place(fake, 11, [0n, 0n], mmOf(10));
    memory.writeWord(fake.task(10) + 0x830n, 0n);
    expect(linux.getMappings({ pids: [10] })).toHaveLength(0);
    const rows = linux.getMappings({ pids: [10], threads: true });
    expect(rows.map(({ pid, tid, base }) => [pid, tid, base])).toEqual([
      [10, 11, startOf(0)],
      [10, 11, startOf(1)],
    ]);
  });

  it('gives no thread rows of its own for an address space that its leader shares', () => {
    const { fake, linux } = createGuest();
    place(fake, 10, [0n, 0n]);
    const rows = linux.getMappings({ pids: [10], threads: true });
    expect(rows.map(({ tid }) => tid)).toEqual([undefined, undefined]);
  });
});

describe('a damaged address space', () => {
  it('keeps the row whose file is none, and says why', () => {
    const { memory, mapped, linux } = createGuest();
    memory.writeWord(mapped[0]! + 0x28n, 0n);
    const rows = linux.getMappings({ pids: [1] });
    expect(rows[0]).toMatchObject({
      base: startOf(0),
      file: null,
      name: null,
      offset: 0x3000n,
      perms: 'rw-p',
    });
    expect(rows[1]).toMatchObject({ name: 'gone' });
    expect(ofMappings(rows)).toEqual(['pid 1: mapping 0x400000: file: STRUCT_IMPLAUSIBLE']);
  });

  it('has no rows under a process whose pointer leads to that of another one', () => {
    const { fake, memory, linux } = createGuest();
    memory.writeWord(fake.task(10) + 0x830n, mmOf(1));
    const rows = linux.getMappings();
    expect(rows.map(({ pid }) => pid)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(ofMappings(rows)).toEqual(['pid 10: mm: STRUCT_IMPLAUSIBLE']);
  });

  it('does not take the rows of other processes with it', () => {
    const { fake, memory, linux } = createGuest();
    place(fake, 10, [0n, 0n]);
    memory.remove(mmOf(1));
    const rows = linux.getMappings();
    expect(rows.map(({ pid }) => pid)).toEqual([10, 10]);
    expect(ofMappings(rows)[0]).toContain('pid 1: ');
  });
});

describe('a profile without the order of mappings', () => {
  it('is refused as a whole', () => {
    const { kernel } = createGuest();
    const { 'mm.mmap_offset': _, ...info } = kernel.info;
    const linux = new OsiLinux({ kernel: { ...kernel, info }, cpus: [] });
    const call = () => linux.getMappings();
    expect(call).toThrow(
      expect.objectContaining({ code: 'PROFILE_KEY_MISSING', fields: { key: 'mm.mmap_offset' } }),
    );
    expect(call).toThrow(OsiError);
  });
});
