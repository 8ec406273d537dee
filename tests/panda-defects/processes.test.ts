import { Osi } from '@osi-linux/osi';
import { OsiLinux } from '@osi-linux/osi-linux';
import { codeOf } from '@osi-linux/test-fixtures/expect';
import { FakeKernel, type FakeTask, FakeVirtualMemory } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it, vi } from 'vitest';

/** More pages than any listing of a handful of tasks looks up. */
const PAGES_LIMIT = 50_000;
const TASKS: readonly FakeTask[] = [
  { pid: 0, comm: 'swapper/0' },
  { pid: 1, comm: 'init', args: ['/sbin/init'] },
  { pid: 2, comm: 'kthreadd' },
  { pid: 10, ppid: 1, comm: 'daemon', args: ['daemon', '-f'], threads: ['worker'] },
  { pid: 20, ppid: 11, comm: 'child', args: ['child'] },
];

/** A guest whose two processors run a program and a thread of another one. */
function createGuest() {
  const fake = new FakeKernel(TASKS);
  fake.run([1, 11]);
  const { memory, info } = fake;
  const linux = new OsiLinux({ kernel: fake, cpus: [] });
  const osi = new Osi();
  osi.register(linux);
  const node = (pid: number) => fake.task(pid) + BigInt(info['task.tasks_offset']);
  const word = (address: bigint) => memory.page(address)!.view.getBigUint64(Number(address % 4096n), true);
  return { fake, memory, info, linux, osi, node, word };
}

type FakeGuest = ReturnType<typeof createGuest>;

/** A guest that has started no process yet. */
function createBootingGuest(): FakeGuest {
  const guest = createGuest();
  const { memory, node } = guest;
  memory.writeWord(node(0), node(0));
  memory.writeWord(node(0) + 8n, node(0));
  return guest;
}

/** Puts another process in the place of one: all its fields except the name. */
function replaceProcess({ fake, memory, info }: FakeGuest, pid: number): void {
  const task = fake.task(pid);
  memory.writeInt(task + BigInt(info['task.pid_offset']), 4711);
  memory.writeInt(task + BigInt(info['task.tgid_offset']), 4711);
  memory.writeWord(task + BigInt(info['task.start_time_offset']), 99n);
  memory.writeWord(task + BigInt(info['task.real_parent_offset']), fake.task(10));
}

/** Calls that between them read everything that a task leads to. */
function callsOf({ linux, osi, fake }: FakeGuest): (() => unknown)[] {
  const handle = { taskd: fake.task(10), asid: null };
  return [
    ...[() => osi.getProcesses(), () => osi.getProcessHandles(), () => linux.getThreads()],
    ...[() => osi.getCurrentProcess(), () => osi.getCurrentProcessHandle(1), () => osi.getCurrentThread(1)],
    ...[() => osi.getProcess(handle), () => osi.getProcessPid(handle), () => osi.getProcessPpid(handle)],
    ...[() => osi.getProcMem(handle), () => osi.getMappings(handle), () => osi.getModules()],
    ...[() => linux.fdToFilename(handle, 3), () => linux.fdToPos(handle, 3), () => linux.getCurrent()],
    ...[() => linux.virtualMemoryRead(0x7ffd00001000n, 4, handle), () => linux.getMounts()],
  ];
}

/** Fails where a walk does not come to its end. */
function boundReads(memory: FakeVirtualMemory): void {
  let pages = 0;
  const page = (address: bigint) => {
    pages += 1;
    if (pages > PAGES_LIMIT) throw new RangeError(`more than ${PAGES_LIMIT} pages were looked up`);
    return FakeVirtualMemory.prototype.page.call(memory, address);
  };
  Object.assign(memory, { page });
}

describe('the current process', () => {
  it('1: has its page table in every answer, not in the first alone', () => {
    const { osi, fake, word, info } = createGuest();
    const pgd = word(word(fake.task(1) + BigInt(info['task.mm_offset'])) + BigInt(info['mm.pgd_offset']));
    const answers = [osi.getCurrentProcess(), osi.getCurrentProcess(), osi.getCurrentProcess()];
    expect(answers.map((answer) => answer.pgd)).toEqual([pgd, pgd, pgd]);
    expect(answers[2]).toEqual(answers[0]);
  });

  it('2: is not taken for the one that had its name and its task_struct before', () => {
    const guest = createGuest();
    expect(guest.osi.getCurrentProcess()).toMatchObject({ pid: 1, ppid: 0, name: 'init' });
    replaceProcess(guest, 1);
    expect(guest.osi.getCurrentProcess()).toMatchObject({
      pid: 4711,
      ppid: 10,
      name: 'init',
      createTime: 99n,
    });
  });

  it('19: is found by what the guest says of its processors, whatever the profile has and whenever it was read', () => {
    const { fake, word, memory } = createGuest();
    const stale = { ...fake.info, 'task.per_cpu_offset_0_addr': fake.task(20) };
    const linux = new OsiLinux({ kernel: { memory, info: stale }, cpus: [] });
    expect(linux.getCurrentProcess().pid).toBe(1);
    const table = fake.info['task.per_cpu_offsets_addr'];
    const [first, second] = [word(table), word(table + 8n)];
    memory.writeWord(table, second);
    memory.writeWord(table + 8n, first);
    expect([linux.getCurrentProcess(0).pid, linux.getCurrentProcess(1).pid]).toEqual([10, 1]);
  });

  it('20: is that of the snapshot that was loaded', () => {
    const guest = createGuest();
    const { osi, fake, memory, word, info } = guest;
    const before = osi.getCurrentProcess();
    const mm = word(fake.task(20) + BigInt(info['task.mm_offset']));
    memory.writeWord(fake.task(1) + BigInt(info['task.mm_offset']), mm);
    replaceProcess(guest, 1);
    osi.refresh();
    const after = osi.getCurrentProcess();
    expect(after).toMatchObject({ pid: 4711, pgd: word(mm + BigInt(info['mm.pgd_offset'])) });
    expect([after.taskd, after.name]).toEqual([before.taskd, before.name]);
    expect(after.asid).not.toBe(before.asid);
  });
});

describe('processes', () => {
  it('10: have one parent, the process, whichever of its threads forked and whichever call is asked', () => {
    const { osi, fake } = createGuest();
    const handle = { taskd: fake.task(20), asid: null };
    const listed = osi.getProcesses().find(({ pid }) => pid === 20);
    expect([listed?.ppid, osi.getProcess(handle)?.ppid, osi.getProcessPpid(handle)]).toEqual([10, 10, 10]);
  });

  it('16: are listed once each where their list goes in a circle', () => {
    const { osi, linux, memory, node } = createGuest();
    memory.writeWord(node(20), node(1));
    boundReads(memory);
    const rows = osi.getProcesses();
    expect(rows.map(({ pid }) => pid).sort()).toEqual([0, 1, 10, 2, 20]);
    expect(rows.skipped).not.toEqual([]);
    expect(linux.getThreads().map(({ tid }) => tid)).toHaveLength(5);
  });

  it('23: are listed with their threads', () => {
    const { linux } = createGuest();
    expect(linux.getThreads().map(({ pid, tid, name }) => [pid, tid, name])).toEqual([
      [1, 1, 'init'],
      [2, 2, 'kthreadd'],
      [10, 10, 'daemon'],
      [10, 11, 'worker'],
      [20, 20, 'child'],
    ]);
  });

  it('24: may be absent in every call', () => {
    const { osi, linux } = createGuest();
    const listings = [
      ...[osi.getMappings(null), osi.getFileMappings(null), osi.getHeapMappings(undefined)],
      ...[osi.getStackMappings(null), osi.getUnknownMappings(undefined)],
    ];
    expect(listings.map((rows) => [rows.length, rows.skipped.length])).toEqual(listings.map(() => [0, 0]));
    expect([osi.getMappingByAddr(null, 0n), osi.getMappingBaseAddressByName(null, 'init')]).toEqual([
      undefined,
      undefined,
    ]);
    expect([osi.hasMappingPrefix(null, 'init'), osi.inSharedObject(undefined)]).toEqual([false, false]);
    expect([osi.getProcess(null), osi.getProcessPid(null), osi.getProcMem(null)]).toEqual(
      Array.from({ length: 3 }),
    );
    expect([linux.fdToPos(null, 0), linux.fdToFilename(null, 0)]).toEqual([undefined, undefined]);
  });
});

describe('a guest that is not ready', () => {
  it('12: gives no id of a process, but says that it is not ready', () => {
    const { osi, fake } = createBootingGuest();
    const handle = { taskd: fake.task(1), asid: null };
    expect(codeOf(() => osi.getProcessPid(handle))).toBe('GUEST_NOT_READY');
    expect(codeOf(() => osi.getProcessPpid(handle))).toBe('GUEST_NOT_READY');
  });

  it('13: tells of a change of task and of an exec like any other', () => {
    const { osi, fake, linux } = createBootingGuest();
    const [changed, executed] = [vi.fn(), vi.fn()];
    osi.onTaskChange(changed);
    osi.on('exec', executed);
    osi.notifyTaskChange(1);
    const process = linux.getProcess({ taskd: fake.task(1), asid: null });
    osi.notify('exec', linux.getProcesses()[0] as NonNullable<typeof process>);
    expect(changed).toHaveBeenCalledWith({ cpu: 1 });
    expect(executed).toHaveBeenCalledOnce();
    expect(osi.isReady()).toBe(false);
  });

  it('15: fails with an error that can be caught, whichever page of it is missing', () => {
    const { fake, info } = createGuest();
    const pages = [0, 1, 2, 10, 11, 20].flatMap((pid) =>
      [0n, 0x1000n, 0x2000n].map((offset) => fake.task(pid) + offset),
    );
    const perCpu = [info['task.per_cpu_offsets_addr'], info['cpu.nr_cpu_ids_addr']];
    const codes = [...pages, ...perCpu].flatMap((address) => {
      const guest = createGuest();
      guest.memory.remove(address);
      return callsOf(guest).map((call) => codeOf(call));
    });
    expect(new Set(codes).size).toBeGreaterThan(2);
    expect(codes).toContain('PAGE_NOT_PRESENT');
    expect(codes).toContain('nothing was thrown');
  });
});
