import { formatSubject } from '@osi-linux/core';
import { FakeKernel } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import { OsiLinux } from '../osi-linux';

const NAMESPACE = 0xffff888002000000n;
const NODE = 0xffff888002100000n;
const PIDS = 0xffff888002200000n;
const LINKS = 0x960n;
const MODULES = 0xffffffff82000000n;
const KSET = 0xffff888000100000n;

const keys = {
  'pid_ns.init_pid_ns_addr': NAMESPACE,
  'pid_ns.xa_head_offset': 8,
  'xa_node.shift_offset': 0,
  'xa_node.slots_offset': 0x28,
  'pid.tasks_offset': 0x20,
  'task.pid_links_offset': Number(LINKS),
  'module.modules_addr': MODULES,
  'module.list_offset': 8,
  'module.state_offset': 0,
  'module.name_offset': 0x18,
  'module.size': 0x400,
  'module.core_base_offset': 0x140,
  'module.core_size_offset': 0x148,
  'module.init_size_offset': 0x158,
  'module.kset_offset': 0x70,
  'module_kobject.kobj_offset': 0,
  'module_kobject.mod_offset': 0x40,
  'kset.list_offset': 0,
  'kobject.entry_offset': 8,
};

const NAMES = ['zram', 'ext4', 'jbd2'];
const moduleAt = (index: number) => 0xffffffffc0002040n + BigInt(index) * 0x10000n;
const idAt = (id: number) => PIDS + BigInt(id) * 0x80n;
const slotAt = (id: number) => NODE + 0x28n + BigInt(id) * 8n;

/** An honest guest: every thread in the lists and with its id, every module in the list and in the set. */
function createGuest() {
  const kernel = new FakeKernel([
    { pid: 0, comm: 'swapper/0' },
    { pid: 1, comm: 'init', args: ['/sbin/init'] },
    { pid: 2, comm: 'kthreadd' },
    { pid: 10, ppid: 1, comm: 'daemon', args: ['daemon'], threads: ['worker'] },
  ]);
  const { memory } = kernel;
  const linkRing = (nodes: readonly bigint[]) => {
    nodes.forEach((node, index) => {
      memory.writeWord(node, nodes[(index + 1) % nodes.length]!);
      memory.writeWord(node + 8n, nodes[(index + nodes.length - 1) % nodes.length]!);
    });
  };
  memory.writeWord(NAMESPACE + 8n, NODE + 2n);
  memory.writeBytes(NODE, new Uint8Array(0x400));
  memory.writeBytes(NODE + 2n, Uint8Array.of(4));
  for (const id of [1, 2, 10, 11]) {
    memory.writeWord(slotAt(id), idAt(id));
    memory.writeWord(idAt(id) + 0x20n, kernel.task(id) + LINKS);
    memory.writeWord(kernel.task(id) + LINKS + 8n, idAt(id) + 0x20n);
  }
  const at = NAMES.map((_, index) => moduleAt(index));
  NAMES.forEach((name, index) => {
    memory.writeBytes(moduleAt(index), new Uint8Array(0x400));
    memory.writeText(moduleAt(index) + 0x18n, name);
    memory.writeWord(moduleAt(index) + 0x70n, KSET);
    memory.writeWord(moduleAt(index) + 0x90n, moduleAt(index));
    memory.writeWord(moduleAt(index) + 0x140n, 0xffffffffc0000000n);
    memory.writeInt(moduleAt(index) + 0x148n, 0x3000);
  });
  linkRing([MODULES, ...at.map((address) => address + 8n)]);
  linkRing([KSET, ...at.map((address) => address + 0x58n)]);
  const linux = (info: object = keys) =>
    new OsiLinux({ kernel: { memory, info: { ...kernel.info, ...info } }, cpus: [] });
  return { kernel, memory, linkRing, linux };
}

describe('findHidden', () => {
  it('finds nothing in an honest guest', () => {
    expect(createGuest().linux().findHidden()).toEqual({ threads: [], modules: [], skipped: [] });
  });

  it('finds a process that was taken out of the list of tasks, with its threads', () => {
    const { kernel, linkRing, linux } = createGuest();
    linkRing([0, 1, 2].map((pid) => kernel.task(pid) + 0x10f0n));
    const { threads, skipped } = linux().findHidden();
    expect(threads.map(({ pid, tid, name, onlyIn }) => [pid, tid, name, onlyIn])).toEqual([
      [10, 10, 'daemon', 'init_pid_ns.idr'],
      [10, 11, 'worker', 'init_pid_ns.idr'],
    ]);
    expect(skipped).toEqual([]);
  });

  it('finds a task whose id was taken away, so that /proc does not show it', () => {
    const { memory, linux } = createGuest();
    memory.writeWord(slotAt(11), 0n);
    memory.writeBytes(NODE + 2n, Uint8Array.of(3));
    expect(linux().findHidden().threads).toMatchObject([{ pid: 10, tid: 11, onlyIn: 'task_struct.tasks' }]);
  });

  it('does not take a damaged tree for tasks that hide', () => {
    const { memory, linux } = createGuest();
    memory.writeWord(idAt(11) + 0x20n, 0x1234n);
    const { threads, skipped } = linux().findHidden();
    expect(threads).toEqual([]);
    expect(skipped.map(({ subject }) => formatSubject(subject))).toEqual([
      `pid 11: struct pid 0x${idAt(11).toString(16)}`,
    ]);
  });

  it('does not take a page of zeros for a tree', () => {
    const { memory, linux } = createGuest();
    memory.writeBytes(NODE, new Uint8Array(0x400));
    const { threads, skipped } = linux().findHidden();
    expect(threads).toEqual([]);
    expect(skipped.map(({ subject }) => formatSubject(subject))).toEqual([
      `init_pid_ns.idr: node 0x${NODE.toString(16)}`,
    ]);
  });

  it('finds modules that only the list or only the set has', () => {
    const { linkRing, linux } = createGuest();
    linkRing([MODULES, moduleAt(0) + 8n, moduleAt(2) + 8n]);
    linkRing([KSET, moduleAt(0) + 0x58n, moduleAt(1) + 0x58n]);
    expect(linux().findHidden().modules).toEqual([
      { name: 'ext4', modd: moduleAt(1), onlyIn: 'module_kset' },
      { name: 'jbd2', modd: moduleAt(2), onlyIn: 'modules' },
    ]);
  });

  it('does not take a module that comes or goes for one that hides', () => {
    const { memory, linkRing, linux } = createGuest();
    linkRing([KSET, moduleAt(0) + 0x58n, moduleAt(1) + 0x58n]);
    memory.writeInt(moduleAt(2), 1);
    expect(linux().findHidden().modules).toEqual([]);
  });

  it('names the keys that the profile lacks', () => {
    const { threads, modules, skipped } = createGuest().linux({}).findHidden();
    expect([threads, modules]).toEqual([[], []]);
    expect(skipped.map(({ subject, reason }) => `${formatSubject(subject)}: ${reason.code}`)).toEqual([
      'comparison of the task list with the pid table: PROFILE_KEY_MISSING',
      'comparison of the module list with /sys/module: PROFILE_KEY_MISSING',
    ]);
  });
});

describe('getModules', () => {
  it('has the rows of /proc/modules, without one that is still being read', () => {
    const { memory, linux } = createGuest();
    memory.writeInt(moduleAt(1), 3);
    const rows = linux().getModules();
    expect([...rows]).toEqual([
      { name: 'zram', base: 0xffffffffc0000000n, size: 0x3000, modd: moduleAt(0) },
      { name: 'jbd2', base: 0xffffffffc0000000n, size: 0x3000, modd: moduleAt(2) },
    ]);
    expect(rows.skipped).toEqual([]);
  });

  it('keeps the row where its size makes no sense, and says why', () => {
    const { memory, linux } = createGuest();
    memory.writeInt(moduleAt(1) + 0x148n, -1);
    const rows = linux().getModules();
    expect(rows[1]).toMatchObject({ name: 'ext4', base: 0xffffffffc0000000n, size: null });
    expect(rows.skipped.map(({ subject }) => formatSubject(subject))).toEqual([
      `module ext4 0x${moduleAt(1).toString(16)}: size`,
    ]);
  });
});

describe('getLog', () => {
  it('has no rows where the profile does not know the log, and says so', () => {
    const rows = createGuest().linux().getLog();
    expect([...rows]).toEqual([]);
    expect(rows.skipped.map(({ subject, reason }) => `${formatSubject(subject)}: ${reason.code}`)).toEqual([
      'kernel log: PROFILE_KEY_MISSING',
    ]);
  });
});
