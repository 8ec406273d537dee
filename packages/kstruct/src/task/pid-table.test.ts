import { formatSubject, SkippedLog } from '@osi-linux/core';
import { FakeKernel, type FakeVirtualMemory } from '@osi-linux/test-fixtures/fake-kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Kernel } from '../kernel/kernel';
import { StructView } from '../kernel/struct-view';
import { eachTaskWithId, hasPidTable } from './pid-table';
import { eachProcess } from './task-list';

const NAMESPACE = 0xffff888002000000n;
const NODES = 0xffff888002100000n;
const PIDS = 0xffff888002200000n;
const NODE_SIZE = 0x1000n;
const LINKS = 0x960n;
const TASKS = 0x20n;

const keys = {
  'pid_ns.init_pid_ns_addr': NAMESPACE,
  'pid.tasks_offset': Number(TASKS),
  'task.pid_links_offset': Number(LINKS),
};

/** The keys of the tree itself, by its age. */
const xarrayKeys = (chunk: number) => ({
  'pid_ns.xa_head_offset': 8,
  'xa_node.shift_offset': 0,
  'xa_node.slots_offset': 0x28,
  'xa_node.XA_CHUNK_SIZE': chunk,
});
const radixTreeKeys = (chunk: number) => ({
  'pid_ns.rnode_offset': 8,
  'radix_tree_node.shift_offset': 0,
  'radix_tree_node.slots_offset': 0x28,
  'radix_tree_node.RADIX_TREE_MAP_SIZE': chunk,
});

/** Node 0 is the top, with node 1 for the ids up to 63 and node 2 for those up to 127. */
const node = (index: number) => NODES + BigInt(index) * NODE_SIZE;
const slot = (index: number, at: number) => node(index) + 0x28n + BigInt(at) * 8n;
const pidOf = (id: number) => PIDS + BigInt(id) * 0x80n;

function createTree({ tag = 2n, chunk = 64, older = false } = {}) {
  const fake = new FakeKernel([
    { pid: 0, comm: 'swapper/0' },
    { pid: 1, comm: 'init', args: ['/sbin/init'] },
    { pid: 2, comm: 'kthreadd' },
    { pid: 70, ppid: 1, comm: 'daemon', args: ['daemon'], threads: ['worker'] },
  ]);
  const { memory } = fake;
  const bits = Math.log2(chunk);
  for (let index = 0; index < 8; index += 1) memory.writeBytes(node(index), new Uint8Array(0x400));
  memory.writeWord(NAMESPACE + 8n, node(0) + tag);
  memory.writeBytes(node(0), Uint8Array.of(bits));
  for (const id of [1, 2, 70, 71]) {
    const leaf = 1 + (id >> bits);
    memory.writeWord(slot(0, id >> bits), node(leaf) + tag);
    memory.writeWord(slot(leaf, id & (chunk - 1)), pidOf(id));
    memory.writeBytes(pidOf(id), new Uint8Array(0x80));
    memory.writeWord(pidOf(id) + TASKS, fake.task(id) + LINKS);
    memory.writeWord(fake.task(id) + LINKS + 8n, pidOf(id) + TASKS);
  }
  countSlots(memory);
  const form = older ? radixTreeKeys(chunk) : xarrayKeys(chunk);
  const info: Kernel['info'] = { ...fake.info, ...keys, ...form };
  return { fake, memory, info };
}

/** Writes into each node how many of its slots are in use. */
function countSlots(memory: FakeVirtualMemory): void {
  for (let index = 0; index < 8; index += 1) {
    const words = Array.from({ length: 64 }, (_, at) => new StructView(memory, slot(index, at)).u64(0));
    memory.writeBytes(node(index) + 2n, Uint8Array.of(words.filter((word) => word !== 0n).length));
  }
}

function list(kernel: Kernel) {
  const skipped = new SkippedLog();
  const pids = [...eachTaskWithId(kernel, skipped)].map(({ pid }) => pid);
  return {
    pids,
    skipped: skipped.records.map(({ subject, reason }) => `${formatSubject(subject)}: ${reason.code}`),
  };
}

describe('the tree of ids', () => {
  it.each([
    ['an xarray', { tag: 2n }],
    ['a radix tree', { tag: 1n, older: true }],
    ['a radix tree of 16 slots', { tag: 1n, older: true, chunk: 16 }],
    ['an xarray of 16 slots', { chunk: 16 }],
  ])('gives every thread, ascending, as %s', (_, form) => {
    expect(list(createTree(form))).toEqual({ pids: [1, 2, 70, 71], skipped: [] });
  });

  it('passes over ids without a task, and entries that are reserved', () => {
    const kernel = createTree();
    kernel.memory.writeWord(pidOf(2) + TASKS, 0n);
    kernel.memory.writeWord(pidOf(2) + TASKS + 16n, kernel.fake.task(70) + LINKS + 32n);
    kernel.memory.writeWord(kernel.fake.task(70) + LINKS + 40n, pidOf(2) + TASKS + 16n);
    kernel.memory.writeWord(slot(1, 9), 0x406n);
    countSlots(kernel.memory);
    expect(list(kernel)).toEqual({ pids: [1, 70, 71], skipped: [] });
  });

  it('does not take a blanked struct pid for that of a group', () => {
    const kernel = createTree();
    kernel.memory.writeBytes(pidOf(2), new Uint8Array(0x80));
    expect(list(kernel)).toEqual({
      pids: [1, 70, 71],
      skipped: [`pid 2: struct pid 0x${pidOf(2).toString(16)}: STRUCT_IMPLAUSIBLE`],
    });
  });

  it.each([
    [
      'does not point back',
      (k: ReturnType<typeof createTree>) => k.memory.writeWord(k.fake.task(70) + LINKS + 8n, pidOf(71)),
    ],
    [
      'has another pid',
      (k: ReturnType<typeof createTree>) => k.memory.writeInt(k.fake.task(70) + 0x800n, 72),
    ],
    ['is no pointer', (k: ReturnType<typeof createTree>) => k.memory.writeWord(pidOf(70) + TASKS, 0x1234n)],
  ])('leaves out a task that %s, and says so', (_, damage) => {
    const kernel = createTree();
    damage(kernel);
    expect(list(kernel).pids).not.toContain(70);
    expect(list(kernel).skipped[0]).toBe(
      `pid 70: struct pid 0x${pidOf(70).toString(16)}: STRUCT_IMPLAUSIBLE`,
    );
  });

  it('does not follow a node twice, nor up', () => {
    const kernel = createTree();
    kernel.memory.writeWord(slot(0, 5), node(1) + 2n);
    kernel.memory.writeWord(slot(0, 6), node(0) + 2n);
    countSlots(kernel.memory);
    const { pids, skipped } = list(kernel);
    expect(pids).toEqual([1, 2, 70, 71]);
    expect(skipped).toEqual([
      `init_pid_ns.idr: node 0x${node(1).toString(16)} for 320 and above: STRUCT_IMPLAUSIBLE`,
      `init_pid_ns.idr: node 0x${node(0).toString(16)} for 384 and above: STRUCT_IMPLAUSIBLE`,
    ]);
  });

  it('says that a node has lost an entry, or all', () => {
    const kernel = createTree();
    kernel.memory.writeWord(slot(1, 2), 0n);
    kernel.memory.writeBytes(node(2), new Uint8Array(0x400));
    const { pids, skipped } = list(kernel);
    expect(pids).toEqual([1]);
    expect(skipped).toEqual(
      [1, 2].map((at) => `init_pid_ns.idr: node 0x${node(at).toString(16)}: STRUCT_IMPLAUSIBLE`),
    );
  });

  it('of a radix tree says by the names of its age what has lost an entry, or is not a tree', () => {
    const kernel = createTree({ tag: 1n, older: true });
    kernel.memory.writeWord(slot(1, 2), 0n);
    const skipped = new SkippedLog();
    expect([...eachTaskWithId(kernel, skipped)].map(({ pid }) => pid)).toEqual([1, 70, 71]);
    expect(skipped.records.map(({ reason }) => reason.message)).toEqual([
      `invalid radix_tree_node at 0x${node(1).toString(16)}: count is 2, expected 1, its slots in use`,
    ]);
    kernel.memory.writeWord(NAMESPACE + 8n, 0x401n);
    expect(() => list(kernel)).toThrow(/rnode is 0x401/);
    const info = { ...kernel.info, 'radix_tree_node.RADIX_TREE_MAP_SIZE': 32 };
    kernel.memory.writeWord(NAMESPACE + 8n, node(0) + 1n);
    expect(() => list({ ...kernel, info })).toThrow('radix_tree_node.RADIX_TREE_MAP_SIZE is 32');
  });

  it('does not follow an entry of a radix tree that is tagged as a node of an xarray', () => {
    const kernel = createTree({ tag: 1n, older: true });
    kernel.memory.writeWord(slot(0, 1), node(2) + 2n);
    const { pids, skipped } = list(kernel);
    expect(pids).toEqual([1, 2]);
    expect(skipped).toEqual([`init_pid_ns.idr: node 0x${node(0).toString(16)}: STRUCT_IMPLAUSIBLE`]);
  });

  it.each([
    ['an xarray', { tag: 1n }, /xa_head is 0x/],
    ['a radix tree', { tag: 2n, older: true }, /rnode is 0x/],
  ])('is refused as %s whose nodes have the tag of the other', (_, tree, message) => {
    expect(() => list(createTree(tree))).toThrow(message);
  });

  it('is read by its newest form where the profile knows both', () => {
    const kernel = createTree();
    const info = { ...kernel.info, ...radixTreeKeys(64), 'pid_ns.rnode_offset': 0x100 };
    expect(list({ ...kernel, info }).pids).toEqual([1, 2, 70, 71]);
  });

  it.each([
    'pid_ns.init_pid_ns_addr',
    'pid_ns.rnode_offset',
    'radix_tree_node.shift_offset',
    'radix_tree_node.slots_offset',
    'pid.tasks_offset',
    'task.pid_links_offset',
  ] as const)('is not known without %s', (key) => {
    const kernel = createTree({ tag: 1n, older: true });
    expect(hasPidTable(kernel)).toBe(true);
    const { [key]: _, ...info } = kernel.info;
    expect(hasPidTable({ ...kernel, info })).toBe(false);
    expect(() => list({ ...kernel, info })).toThrow(/^the profile has no /);
  });

  it('is refused where its head is no tree', () => {
    const kernel = createTree();
    kernel.memory.writeWord(NAMESPACE + 8n, 0x402n);
    expect(() => list(kernel)).toThrow(/xa_head is 0x402/);
    kernel.memory.writeWord(NAMESPACE + 8n, 0n);
    expect(() => list(kernel)).toThrow(/is 0x0, expected a tree/);
    expect(() => list({ memory: kernel.memory, info: {} })).toThrow(
      'the profile has no pid_ns.init_pid_ns_addr',
    );
  });

  it('survives any words, and gives no id twice', () => {
    const entry = fc.oneof(
      fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }),
      fc.integer({ min: 0, max: 7 }).map((index) => node(index) + 2n),
      fc.constantFrom(1, 2, 70, 71).map(pidOf),
    );
    const damage = fc.tuple(fc.nat(7), fc.nat(63), entry, fc.constantFrom(0, 6, 12, 18, 24, 255));
    fc.assert(
      fc.property(fc.array(damage, { maxLength: 20 }), (damages) => {
        const kernel = createTree();
        for (const [index, at, word, shift] of damages) {
          kernel.memory.writeWord(slot(index, at), word);
          if (index > 2) kernel.memory.writeBytes(node(index), Uint8Array.of(shift));
        }
        const { pids } = list(kernel);
        expect(new Set(pids).size).toBe(pids.length);
        expect([1, 2, 70, 71]).toEqual(expect.arrayContaining(pids));
      }),
      { numRuns: 300 },
    );
  });
});

describe('the list of processes, broken', () => {
  const listed = (kernel: Kernel) => {
    const skipped = new SkippedLog();
    const pids = [...eachProcess(kernel, skipped)].map(({ tgid }) => tgid);
    return { pids, skipped: skipped.records.map(({ subject }) => formatSubject(subject)) };
  };
  /** Both neighbours of kthreadd lead nowhere, so that neither end of the list reaches it. */
  const cut = (kernel: ReturnType<typeof createTree>) => {
    const tasks = BigInt(kernel.info['task.tasks_offset'] ?? 0);
    kernel.memory.writeWord(kernel.fake.task(1) + tasks, 0n);
    kernel.memory.writeWord(kernel.fake.task(70) + tasks + 8n, 0n);
  };

  it('has the leaders that the tree of ids still leads to', () => {
    const kernel = createTree();
    cut(kernel);
    expect(listed(kernel)).toEqual({ pids: [0, 1, 70, 2], skipped: ['task_struct.tasks'] });
  });

  it('has no more than its ends lead to where the profile does not know the tree', () => {
    const kernel = createTree();
    cut(kernel);
    const { 'pid_ns.xa_head_offset': _, ...info } = kernel.info;
    expect(listed({ memory: kernel.memory, info })).toEqual({
      pids: [0, 1, 70],
      skipped: ['task_struct.tasks'],
    });
  });

  it('does not bring back what took itself out of a sound list', () => {
    const kernel = createTree();
    const tasks = BigInt(kernel.info['task.tasks_offset'] ?? 0);
    kernel.memory.writeWord(kernel.fake.task(1) + tasks, kernel.fake.task(70) + tasks);
    kernel.memory.writeWord(kernel.fake.task(70) + tasks + 8n, kernel.fake.task(1) + tasks);
    expect(listed(kernel)).toEqual({ pids: [0, 1, 70], skipped: [] });
  });
});
