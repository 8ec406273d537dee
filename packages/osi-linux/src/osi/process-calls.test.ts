import { OsiError } from '@osi-linux/core';
import { Osi } from '@osi-linux/osi';
import { codeOf } from '@osi-linux/test-fixtures/expect';
import { FakeKernel } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import { OsiLinux } from '../osi-linux';

const FILES = 0xffff888002000000n;
const FILE = FILES + 0x1000n;
const DENTRY = FILES + 0x2000n;
const SLOTS = FILES + 0x3000n;
const HEAP = 0x7f0000001000n;
const OPEN_FD = 3;

/** Keys of the structures that the fake kernel lacks, for parts that the tests lay out themselves. */
const MORE_KEYS = {
  'mm.start_brk_offset': 0x120,
  'mm.brk_offset': 0x128,
  'task.files_offset': 0x8a0,
  'fs.fdt_offset': 0x20,
  'fs.max_fds_offset': 0,
  'fs.fd_offset': 8,
  'fs.close_on_exec_offset': 16,
  'fs.open_fds_offset': 24,
  'fs.fdtab_offset': 0x40,
  'fs.f_path_mnt_offset': 0x10,
  'fs.f_path_dentry_offset': 0x18,
  'fs.f_pos_offset': 0x20,
} as const;

function createGuest() {
  const fake = new FakeKernel([
    { pid: 0, comm: 'swapper/0' },
    { pid: 1, comm: 'init', args: ['/sbin/init'] },
    { pid: 2, comm: 'kthreadd' },
    { pid: 10, ppid: 1, comm: 'daemon', args: ['daemon', '-f'], threads: ['worker'] },
  ]);
  fake.run([11, 2]);
  const kernel = { memory: fake.memory, info: { ...fake.info, ...MORE_KEYS } };
  const written: [number, number[]][] = [];
  const writePhysical = (address: number, bytes: Uint8Array) => written.push([address, [...bytes]]);
  const cpus = [
    { index: 0, registers: { cs: 0x33n, rip: 0x401000n } },
    { index: 1, registers: { cs: 0x10n, rip: 0xffffffff81000000n } },
  ];
  const linux = new OsiLinux({ kernel, cpus, writePhysical });
  const at = (pid: number) => ({ taskd: fake.task(pid), asid: null });
  return { fake, kernel, linux, written, at, cpus };
}

type FakeGuest = ReturnType<typeof createGuest>;

/** Gives a process a table of 64 descriptors with one open file. */
function openFile({ fake: { memory }, at }: FakeGuest, pid: number): void {
  const table = FILES + 0x40n;
  memory.writeWord(at(pid).taskd + 0x8a0n, FILES);
  memory.writeWord(FILES + 0x20n, table);
  memory.writeInt(table, 64);
  memory.writeWord(table + 8n, SLOTS);
  memory.writeWord(table + 16n, SLOTS + 0x800n);
  memory.writeWord(table + 24n, SLOTS + 0x900n);
  memory.writeWord(SLOTS + BigInt(OPEN_FD * 8), FILE);
  memory.writeWord(SLOTS + 0x900n, 1n << BigInt(OPEN_FD));
  memory.writeWord(FILE + 0x10n, DENTRY + 0x800n);
  memory.writeWord(FILE + 0x18n, DENTRY);
  memory.writeWord(FILE + 0x20n, 0x1_0000_0001n);
}

/** Takes a leader out of the list of processes, as its release does: its own links stay as they were. */
function unlink({ fake }: FakeGuest, pid: number): void {
  const { memory, info } = fake;
  const node = fake.task(pid) + BigInt(info['task.tasks_offset']);
  const [next, previous] = [0n, 8n].map((at) =>
    memory.page(node + at)!.view.getBigUint64(Number((node + at) % 4096n), true),
  );
  memory.writeWord(previous!, next!);
  memory.writeWord(next! + 8n, previous!);
}

describe('a handle', () => {
  it('leads back to its process', () => {
    const { linux } = createGuest();
    const handles = linux.getProcessHandles();
    const processes = linux.getProcesses();
    expect(handles.map(({ taskd, asid, createTime }) => [taskd, asid, createTime])).toEqual(
      processes.map(({ taskd, asid, createTime }) => [taskd, asid, createTime]),
    );
    expect(handles.map((handle) => linux.getProcess(handle))).toEqual(
      processes.map((process) => ({ ...process, skipped: [] })),
    );
    expect(handles.map((handle) => [linux.getProcessPid(handle), linux.getProcessPpid(handle)])).toEqual(
      processes.map(({ pid, ppid }) => [pid, ppid]),
    );
  });

  it('of the current process is that of the leader, whichever thread runs', () => {
    const { linux, at } = createGuest();
    expect(linux.getCurrentProcessHandle()).toMatchObject({ taskd: at(10).taskd, createTime: 10_000_000n });
    expect(linux.getCurrentProcessHandle(1)).toMatchObject({ taskd: at(2).taskd, asid: null });
    expect(codeOf(() => linux.getCurrentProcessHandle(2))).toBe('CPU_UNKNOWN');
  });

  it('of a process that has ended leads nowhere, though its task_struct is still there', () => {
    const guest = createGuest();
    const { linux, at } = guest;
    unlink(guest, 10);
    expect(linux.getProcess(at(10))).toBeUndefined();
    expect(linux.getProcessPid(at(10))).toBeUndefined();
    expect(linux.getProcMem(at(10))).toBeUndefined();
    expect([...linux.getMappings(at(10))]).toEqual([]);
    expect(linux.getProcess(at(1))?.pid).toBe(1);
    expect(linux.getProcess(at(2))?.pid).toBe(2);
  });

  it('does not lead to the next process at its address', () => {
    const { linux, at } = createGuest();
    expect(linux.getProcess({ ...at(10), createTime: 10_000_001n })).toBeUndefined();
    expect(linux.getProcess({ ...at(10), createTime: 10_000_000n })?.pid).toBe(10);
    expect(linux.getProcess({ ...at(10), createTime: null })?.pid).toBe(10);
  });

  it.each([
    ['a thread that leads no group', (guest: FakeGuest) => guest.fake.task(11)],
    ['what is no address of the kernel', () => 0x1000n],
    ['0', () => 0n],
    ['all ones', () => 0xffffffffffffffffn],
    ['an address between two words', (guest: FakeGuest) => guest.fake.task(10) + 1n],
    ['what is not mapped', () => 0xffffc90000000000n],
    ['some other memory', (guest: FakeGuest) => guest.fake.task(10) + 0x100n],
  ])('of %s leads nowhere', (_, taskd) => {
    const guest = createGuest();
    expect(guest.linux.getProcess({ taskd: taskd(guest), asid: null })).toBeUndefined();
  });

  it('leads to its process where one of its neighbours is damaged', () => {
    const { linux, fake, at } = createGuest();
    fake.memory.remove(at(2).taskd + BigInt(fake.info['task.tasks_offset']));
    expect(linux.getProcess(at(1))?.pid).toBe(1);
    expect(linux.getProcess(at(10))?.pid).toBe(10);
  });

  it.each([null, undefined])('as %s leads nowhere', (none) => {
    const { linux } = createGuest();
    expect(linux.getProcess(none)).toBeUndefined();
    expect(linux.getProcessPpid(none)).toBeUndefined();
    expect(linux.getProcMem(none)).toBeUndefined();
    expect(linux.fdToFilename(none, 0)).toBeUndefined();
    expect(linux.fdToPos(none, 0)).toBeUndefined();
  });
});

describe('the heap', () => {
  it('is read from the mm, and is missing for what has none', () => {
    const { linux, fake, at } = createGuest();
    const mm = fake.memory
      .page(at(10).taskd + 0x830n)!
      .view.getBigUint64(Number((at(10).taskd + 0x830n) % 4096n), true);
    fake.memory.writeWord(mm + 0x120n, HEAP);
    fake.memory.writeWord(mm + 0x128n, HEAP + 0x21000n);
    expect(linux.getProcMem(at(10))).toEqual({ startBrk: HEAP, brk: HEAP + 0x21000n });
    expect(linux.getProcMem(at(2))).toBeUndefined();
  });
});

describe('a descriptor', () => {
  it('has a struct file, a dentry and a position of 64 bits', () => {
    const guest = createGuest();
    openFile(guest, 10);
    const { linux, at } = guest;
    expect(linux.extGetFileStructPtr(at(10), OPEN_FD)).toBe(FILE);
    expect(linux.extGetFileDentry(FILE)).toBe(DENTRY);
    expect(linux.fdToPos(at(10), OPEN_FD)).toBe(0x1_0000_0001n);
  });

  it.each([-100, -1, 0, 4, 63, 64, 1_000_000, 2 ** 31, 1.5, Number.NaN])(
    '%d that is not in use is none',
    (fd) => {
      const guest = createGuest();
      openFile(guest, 10);
      const { linux, at } = guest;
      expect(linux.fdToFilename(at(10), fd)).toBeUndefined();
      expect(linux.fdToPos(at(10), fd)).toBeUndefined();
      expect(linux.extGetFileStructPtr(at(10), fd)).toBeUndefined();
    },
  );

  it('that is only reserved is none; one that is not marked as open is damage', () => {
    const guest = createGuest();
    openFile(guest, 10);
    guest.fake.memory.writeWord(SLOTS + 0x900n, 1n << 5n);
    const { linux, at } = guest;
    expect(linux.fdToPos(at(10), 5)).toBeUndefined();
    expect(codeOf(() => linux.fdToPos(at(10), OPEN_FD))).toBe('FD_NOT_OPEN');
  });

  it('whose slot holds no file is damage', () => {
    const guest = createGuest();
    openFile(guest, 10);
    guest.fake.memory.writeWord(SLOTS + BigInt(OPEN_FD * 8), 0x1234n);
    expect(codeOf(() => guest.linux.fdToPos(guest.at(10), OPEN_FD))).toBe('STRUCT_IMPLAUSIBLE');
    expect(codeOf(() => guest.linux.extGetFileDentry(0n))).toBe('STRUCT_IMPLAUSIBLE');
  });
});

describe('virtual memory', () => {
  const ARGS = 0x7ffd00001000n;
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

  it('is read as a process sees it, or as the one that a processor runs', () => {
    const { linux, at } = createGuest();
    expect(text(linux.virtualMemoryRead(ARGS, 6, at(10)))).toBe('daemon');
    expect(text(linux.virtualMemoryRead(ARGS, 10, at(1)))).toBe('/sbin/init');
    expect(text(linux.virtualMemoryRead(ARGS, 6))).toBe('daemon');
    expect(codeOf(() => linux.virtualMemoryRead(ARGS, 6, 1))).toBe('PAGE_NOT_PRESENT');
  });

  it('is not read of a process that is gone, nor in lengths that are none', () => {
    const { linux, at } = createGuest();
    expect(codeOf(() => linux.virtualMemoryRead(ARGS, 1, { ...at(10), createTime: 1n }))).toBe(
      'PROCESS_GONE',
    );
    for (const length of [-1, 0.5, Number.NaN, 2 ** 32])
      expect(codeOf(() => linux.virtualMemoryRead(ARGS, length))).toBe('READ_LENGTH_INVALID');
    expect(linux.virtualMemoryRead(0n, 0)).toHaveLength(0);
  });

  it('is translated, and what is not mapped is told from what cannot be told', () => {
    const { linux, fake, at } = createGuest();
    expect(linux.virtToPhys(fake.task(1), 1)).toBe(Number(fake.task(1) & 0xffffffffffn));
    expect(linux.virtToPhys(0x1000n, 1)).toBeUndefined();
    const fault = () => new OsiError('PAGE_TABLE_MISSING', 'a table is missing');
    Object.assign(fake.memory, { fault });
    expect(codeOf(() => linux.virtToPhys(0x1000n, at(2)))).toBe('PAGE_TABLE_MISSING');
  });

  it('is written page by page, at the physical address of each', () => {
    const { linux, fake, written } = createGuest();
    const start = fake.task(1) + 0xffen;
    linux.virtualMemoryWrite(start, Uint8Array.of(1, 2, 3, 4), 1);
    const physical = Number(start & 0xffffffffffn);
    expect(written).toEqual([
      [physical, [1, 2]],
      [physical + 2, [3, 4]],
    ]);
  });

  it('is not written in part where a page is missing, and not at all in a dump', () => {
    const { linux, fake, kernel, cpus, written } = createGuest();
    const start = fake.task(1) + 0xffen;
    const dump = new OsiLinux({ kernel, cpus });
    expect(codeOf(() => dump.virtualMemoryWrite(start, Uint8Array.of(1), 1))).toBe('MEMORY_READ_ONLY');
    fake.memory.remove(start + 2n);
    expect(codeOf(() => linux.virtualMemoryWrite(start, new Uint8Array(4), 1))).toBe('PAGE_NOT_PRESENT');
    expect(written).toEqual([]);
  });
});

describe('where a processor executes', () => {
  it('is told by its registers', () => {
    const { linux, kernel } = createGuest();
    expect(linux.getExecutionPoint()).toEqual({ pc: 0x401000n, mode: 'user' });
    expect(linux.getExecutionPoint(1)).toEqual({ pc: 0xffffffff81000000n, mode: 'kernel' });
    expect(codeOf(() => new OsiLinux({ kernel, cpus: [] }).getExecutionPoint())).toBe(
      'CPU_REGISTERS_MISSING',
    );
  });
});

describe('readiness', () => {
  function ask({ linux }: FakeGuest) {
    const osi = new Osi();
    osi.register(linux);
    return { osi, code: () => codeOf(() => osi.getProcesses()) };
  }

  it('comes with the first process, by itself', () => {
    const guest = createGuest();
    const { memory, info } = guest.fake;
    const head = info['task.init_addr'] + BigInt(info['task.tasks_offset']);
    const [next, previous] = [guest.at(1).taskd, guest.at(10).taskd].map(
      (at) => at + BigInt(info['task.tasks_offset']),
    );
    memory.writeWord(head, head);
    memory.writeWord(head + 8n, head);
    const { osi, code } = ask(guest);
    expect(code()).toBe('GUEST_NOT_READY');
    expect(osi.whyNotReady()?.message).toMatch(
      /osi_linux cannot answer yet: .*init_task is the only process/,
    );
    memory.writeWord(head, next!);
    memory.writeWord(head + 8n, previous!);
    expect(code()).toBe('nothing was thrown');
    expect(osi.isReady()).toBe(true);
  });

  it('is asked anew once the guest ran on', () => {
    const guest = createGuest();
    const { osi, code } = ask(guest);
    expect(osi.isReady()).toBe(true);
    guest.fake.memory.remove(guest.fake.task(0) + 0x800n);
    expect(osi.isReady()).toBe(true);
    osi.refresh();
    expect(code()).toBe('GUEST_NOT_READY');
  });

  it('is not denied where the source merely lacks the page', () => {
    const guest = createGuest();
    guest.fake.memory.remove(guest.fake.task(0) + 0x800n);
    Object.assign(guest.fake.memory, { fault: () => new OsiError('PHYSICAL_HOLE', 'a hole') });
    expect(ask(guest).osi.isReady()).toBe(true);
  });
});
