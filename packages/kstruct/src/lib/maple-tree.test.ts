import { SkippedLog } from '@osi-linux/core';
import {
  type FakeMapleEntry,
  FakeMapleTree,
  FakeVirtualMemory,
  fakeArchitecture,
} from '@osi-linux/test-fixtures/fake-kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Kernel } from '../kernel/kernel';
import { eachMapleEntry, type MapleEntry } from './maple-tree';

const TREE = 0xffff888000001040n;
const NODES = 0xffff888000100000n;
const LAST = 0xffffffffffffffffn;

function createTree(entries: readonly FakeMapleEntry[], shape?: { leafSlots?: number; slots?: number }) {
  const memory = new FakeVirtualMemory();
  const tree = new FakeMapleTree(memory, TREE, NODES);
  tree.build(entries, shape);
  return { memory, tree, kernel: { memory, info: FakeMapleTree.info } };
}

function walk(kernel: Kernel) {
  const skipped = new SkippedLog();
  const entries: MapleEntry[] = [...eachMapleEntry(kernel, TREE, skipped)];
  return { entries, problems: skipped.records.map(({ reason }) => `${reason.code}: ${reason.message}`) };
}

/** A run of entries with gaps between some of them. */
function numbered(count: number): FakeMapleEntry[] {
  return Array.from({ length: count }, (_, index) => {
    const first = 0x400000n + BigInt(index) * 0x3000n;
    return {
      first,
      last: first + (index % 3 === 0 ? 0x2fffn : 0xfffn),
      entry: 0xffff888000200000n + BigInt(index) * 0x100n,
    };
  });
}

describe('eachMapleEntry', () => {
  it.each([
    ['an empty leaf', 0, {}],
    ['one leaf', 5, {}],
    ['a leaf with all 16 slots', 12, { leafSlots: 16 }],
    ['a leaf whose last pivot is its end', 11, { leafSlots: 15 }],
    ['two levels', 60, { leafSlots: 16 }],
    ['many levels', 200, { leafSlots: 3, slots: 2 }],
  ])('yields what the tree holds, ascending: %s', (_, count, shape) => {
    const { kernel } = createTree(numbered(count), shape);
    expect(walk(kernel)).toEqual({ entries: numbered(count), problems: [] });
  });

  it('has nothing where the root is null', () => {
    const { memory, kernel } = createTree([]);
    memory.writeWord(TREE + 8n, 0n);
    expect(walk(kernel)).toEqual({ entries: [], problems: [] });
  });

  it('takes a root that is no node for the entry of index 0', () => {
    const { memory, kernel } = createTree([]);
    memory.writeWord(TREE + 8n, 0xffff888000200000n);
    expect(walk(kernel).entries).toEqual([{ first: 0n, last: 0n, entry: 0xffff888000200000n }]);
  });

  it('leaves out reserved entries, as XA_ZERO_ENTRY', () => {
    const zero = (257n << 2n) | 2n;
    const entries = numbered(4);
    const { kernel } = createTree(
      entries.map((each, index) => (index === 1 ? { ...each, entry: zero } : each)),
    );
    expect(walk(kernel)).toEqual({ entries: entries.filter((_, index) => index !== 1), problems: [] });
  });

  it('reads the slots of a dense node by their place', () => {
    const { memory, kernel } = createTree(numbered(1));
    const node = NODES;
    memory.writeWord(TREE + 8n, node | 4n | 2n);
    for (let at = 8n; at < 256n; at += 8n) memory.writeWord(node + at, 0n);
    memory.writeWord(node + 8n + 8n * 7n, 0xffff888000200000n);
    expect(walk(kernel).entries).toEqual([{ first: 7n, last: 7n, entry: 0xffff888000200000n }]);
  });

  it('reads the smaller words and larger nodes of 32-bit kernels', () => {
    const memory = new FakeVirtualMemory({
      ...fakeArchitecture,
      name: 'i686',
      wordSize: 4,
      isKernelAddress: (at) => at >= 0xc0000000n,
    });
    const info = {
      ...FakeMapleTree.info,
      'maple_tree.MAPLE_RANGE64_SLOTS': 32,
      'maple_range_64.pivot_offset': 4,
      'maple_range_64.slot_offset': 128,
      'maple_range_64.meta_offset': 252,
    };
    const words = (at: bigint, values: readonly number[]) =>
      values.forEach((value, index) => {
        memory.writeInt(at + BigInt(index) * 4n, value);
      });
    words(0xc0001000n, [0, 0x4, 0xc0002000 | 0xe]);
    words(0xc0002000n, new Array(64).fill(0));
    words(0xc0002000n, [0xc0001001, 0x8047fff, 0x8048fff, 0xffffffff]);
    words(0xc0002080n, [0, 0xc0003000, 0]);
    words(0xc00020fcn, [2]);
    const found = [...eachMapleEntry({ memory, info }, 0xc0001000n, new SkippedLog())];
    expect(found).toEqual([{ first: 0x8048000n, last: 0x8048fffn, entry: 0xc0003000n }]);
  });
});

describe('a damaged tree', () => {
  const entries = numbered(40);

  it('loses one node and nothing beside it, and names the node', () => {
    const { memory, tree, kernel } = createTree(entries, { leafSlots: 10 });
    const lost = tree.nodes[1]!;
    for (let at = 0n; at < 256n; at += 8n) memory.writeWord(lost.address + at, 0n);
    const found = walk(kernel);
    expect(found.problems).toEqual([expect.stringContaining('MAPLE_NODE_INCONSISTENT')]);
    expect(found.problems[0]).toContain(`parent is 0x0, expected`);
    expect(found.entries.length).toBeGreaterThan(30);
    expect(found.entries).toEqual(
      entries.filter((each) => found.entries.some(({ entry }) => entry === each.entry)),
    );
  });

  it('refuses a node that hangs elsewhere, as one that is dead or of another slot', () => {
    const { memory, tree, kernel } = createTree(entries, { leafSlots: 10 });
    const [first, second] = tree.nodes;
    const root = tree.nodes.at(-1)!;
    memory.writeWord(root.address + 80n, second!.address | 0xcn);
    expect(walk(kernel).problems[0]).toContain('parent is');
    memory.writeWord(root.address + 80n, first!.address | 0xcn);
    memory.writeWord(first!.address, first!.address);
    expect(walk(kernel).problems[0]).toContain('parent is');
  });

  it('does not follow a cycle', () => {
    const { memory, tree, kernel } = createTree(entries, { leafSlots: 10 });
    const root = tree.nodes.at(-1)!;
    memory.writeWord(root.address + 80n, root.address | 0x1cn);
    const found = walk(kernel);
    expect(found.problems).toHaveLength(1);
    expect(found.entries.length).toBeGreaterThan(30);
  });

  it('refuses a slot whose range is no part of its node, and goes on with the next', () => {
    const { memory, kernel } = createTree(entries.slice(0, 4));
    // The leaf: gap, entry 0 up to 0x402fff, entry 1 up to 0x403fff, gap ...
    memory.writeWord(NODES + 8n + 8n, 0x200000n);
    const found = walk(kernel);
    expect(found.problems).toEqual([
      expect.stringMatching(/slot 1 covers 0x400000 to 0x200000, .* 0x0 to 0xf{16}/),
    ]);
    expect(found.entries.slice(-2)).toEqual(entries.slice(2, 4));
  });

  it('refuses a node deeper than the height that the tree has', () => {
    const { memory, kernel } = createTree(entries, { leafSlots: 10 });
    memory.writeInt(TREE + 4n, (1 << 2) | 3);
    expect(walk(kernel).problems[0]).toContain("deeper than the tree's height 1");
  });

  it('refuses a type that no node has, and a last slot past the node', () => {
    const { memory, kernel } = createTree(entries.slice(0, 2));
    memory.writeWord(TREE + 8n, NODES | (9n << 3n) | 6n);
    expect(walk(kernel).problems[0]).toContain('type 9 is not a node type');
    memory.writeWord(TREE + 8n, NODES | 0xen);
    memory.writeInt(NODES + 248n, 16);
    expect(walk(kernel).problems[0]).toContain('last slot is 16 of 16');
  });

  it('names a page that is missing', () => {
    const { memory, kernel } = createTree(entries.slice(0, 2));
    memory.remove(NODES);
    expect(walk(kernel)).toEqual({ entries: [], problems: [expect.stringContaining('PAGE_NOT_PRESENT')] });
  });
});

describe('any tree', () => {
  const runs = fc
    .array(fc.record({ gap: fc.bigInt(0n, 0x10000n), size: fc.bigInt(1n, 0x100000n) }), { maxLength: 150 })
    .map((parts) => {
      let next = 0n;
      return parts.map(({ gap, size }, index) => {
        const first = next + gap;
        next = first + size;
        return { first, last: next - 1n, entry: 0xffff888000200000n + BigInt(index) * 8n };
      });
    });
  const shapes = fc.record({
    leafSlots: fc.integer({ min: 2, max: 16 }),
    slots: fc.integer({ min: 2, max: 10 }),
  });

  it('walk(build(entries)) = entries', () => {
    fc.assert(
      fc.property(runs, shapes, (entries, shape) => {
        expect(walk(createTree(entries, shape).kernel)).toEqual({ entries, problems: [] });
      }),
      { numRuns: 60 },
    );
  });

  it('with any words changed gives ascending entries inside the tree within bounded steps', () => {
    const change = fc.record({
      node: fc.nat(),
      word: fc.nat(31),
      value: fc.oneof(
        fc.bigInt(0n, LAST),
        fc.bigInt(0n, 64n).map((slot) => NODES + slot * 256n + 0xcn),
      ),
    });
    fc.assert(
      fc.property(
        runs,
        shapes,
        fc.array(change, { minLength: 1, maxLength: 8 }),
        (entries, shape, changes) => {
          const { memory, tree, kernel } = createTree(entries, shape);
          for (const { node, word, value } of changes) {
            const { address } = tree.nodes[node % tree.nodes.length]!;
            memory.writeWord(address + BigInt(word) * 8n, value);
          }
          const found = walk(kernel);
          expect(found.entries.length).toBeLessThanOrEqual(tree.nodes.length * 16);
          for (const { first, last } of found.entries) expect(first <= last && last <= LAST).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });
});
