import { formatSubject, SkippedLog } from '@osi-linux/core';
import { FakeMapleTree, FakeVirtualMemory } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import type { Kernel } from '../kernel/kernel';
import { Mm } from './mm';
import { Vma } from './vma';
import { eachVma, findVmaOrder } from './vma-list';
import { VmaNames } from './vma-name';

const MM = 0xffff888000010000n;
const VMAS = 0xffff888000020000n;
const SPACING = 0x200n;
const SPECIAL = 0xffffffff82001000n;

const COMMON = {
  'mm.map_count_offset': 0x40,
  'mm.start_brk_offset': 0x48,
  'mm.brk_offset': 0x50,
  'mm.start_stack_offset': 0x58,
  'mm.vdso_offset': 0x60,
  'vma.vm_mm_offset': 0x10,
  'vma.vm_start_offset': 0,
  'vma.vm_end_offset': 8,
  'vma.vm_flags_offset': 0x20,
  'vma.vm_pgoff_offset': 0x60,
  'vma.vm_file_offset': 0x68,
  'vma.vm_ops_offset': 0x58,
  'vma.vm_private_data_offset': 0x70,
} as const;
const LIST = {
  ...COMMON,
  'mm.mmap_offset': 0,
  'vma.vm_next_offset': 0x30,
  'vma.vm_prev_offset': 0x38,
  'mm.mm_rb_offset': 8,
  'vma.vm_rb_offset': 0x40,
} as const;
const TREE = { ...COMMON, 'mm.mm_mt_offset': 0x10, ...FakeMapleTree.info } as const;

type Info = Kernel['info'];

const vmaAt = (index: number) => VMAS + BigInt(index) * SPACING;
const startOf = (index: number) => 0x400000n + BigInt(index) * 0x4000n;

/** An address space of mappings of 8 KiB each, in all the ways in which kernels order them. */
function createSpace(count: number, info: Info) {
  const memory = new FakeVirtualMemory();
  memory.writeInt(MM + 0x40n, count);
  memory.writeWord(MM, count > 0 ? vmaAt(0) : 0n);
  memory.writeWord(MM + 8n, placeRb(memory, 0, count, 0n));
  for (let index = 0; index < count; index += 1) {
    const at = vmaAt(index);
    memory.writeWord(at, startOf(index));
    memory.writeWord(at + 8n, startOf(index) + 0x2000n);
    memory.writeWord(at + 0x10n, MM);
    memory.writeWord(at + 0x20n, 0x8000075n);
    memory.writeWord(at + 0x30n, index + 1 < count ? vmaAt(index + 1) : 0n);
    memory.writeWord(at + 0x38n, index > 0 ? vmaAt(index - 1) : 0n);
  }
  const tree = new FakeMapleTree(memory, MM + 0x10n, 0xffff888000800000n);
  const entries = Array.from({ length: count }, (_, index) => ({
    first: startOf(index),
    last: startOf(index) + 0x1fffn,
    entry: vmaAt(index),
  }));
  if (info['mm.mm_mt_offset'] !== undefined) tree.build(entries);
  const kernel = { memory, info };
  return { memory, kernel, mm: new Mm(kernel, MM), nodes: tree.nodes };
}

/** Lays out mappings `from` to `to` as a balanced tree of `vm_rb`, and returns the address of its root. */
function placeRb(memory: FakeVirtualMemory, from: number, to: number, parent: bigint): bigint {
  if (from >= to) return 0n;
  const middle = (from + to) >> 1;
  const node = vmaAt(middle) + 0x40n;
  memory.writeWord(node, parent | 1n);
  memory.writeWord(node + 8n, placeRb(memory, middle + 1, to, node));
  memory.writeWord(node + 16n, placeRb(memory, from, middle, node));
  return node;
}

function indices(kernel: Kernel, mm: Mm) {
  const skipped = new SkippedLog();
  const found = [...eachVma(kernel, mm, skipped)].map(({ address }) => Number((address - VMAS) / SPACING));
  return {
    found,
    problems: skipped.records.map(
      ({ subject, reason }) => `${formatSubject(subject)}: ${reason.code} ${reason.message}`,
    ),
  };
}

const upTo = (count: number, ...except: number[]) =>
  Array.from({ length: count }, (_, index) => index).filter((index) => !except.includes(index));

describe.each([
  ['list', LIST],
  ['maple tree', TREE],
] as const)('mappings ordered by a %s', (name, info) => {
  it.each([0, 1, 2, 40])('are all found, ascending: %i of them', (count) => {
    const { kernel, mm } = createSpace(count, info);
    expect(indices(kernel, mm)).toEqual({ found: upTo(count), problems: [] });
  });

  it.each([
    ['of another address space', (at: bigint) => [at + 0x10n, MM + 0x1000n] as const, 'vm_mm is'],
    ['that starts in the middle of a page', (at: bigint) => [at, startOf(7) + 8n] as const, 'vm_start is'],
    ['that ends before it starts', (at: bigint) => [at + 8n, startOf(7) - 0x1000n] as const, 'vm_end is'],
    ['that reaches into the kernel', (at: bigint) => [at + 8n, 0xffff888000000000n] as const, 'vm_end is'],
  ])('give no row for one %s, and name it', (_, change, said) => {
    const { memory, kernel, mm } = createSpace(20, info);
    memory.writeWord(...change(vmaAt(7)));
    const { found, problems } = indices(kernel, mm);
    expect(found).toEqual(upTo(20, 7));
    expect(problems[0]).toContain(`vm_area_struct 0x${vmaAt(7).toString(16)}: STRUCT_IMPLAUSIBLE`);
    expect(problems[0]).toContain(said);
  });

  it('lose one that is blank, and no other', () => {
    const { memory, kernel, mm } = createSpace(20, info);
    for (let at = 0n; at < 0x100n; at += 8n) memory.writeWord(vmaAt(7) + at, 0n);
    const { found, problems } = indices(kernel, mm);
    expect(found).toEqual(upTo(20, 7));
    expect(problems).not.toEqual([]);
  });

  it('that overlap with what another one has are not believed', () => {
    const { memory, kernel, mm } = createSpace(20, info);
    memory.writeWord(vmaAt(7) + 8n, startOf(8) + 0x1000n);
    const { found, problems } = indices(kernel, mm);
    expect(found).toEqual(name === 'list' ? upTo(20, 7, 8) : upTo(20, 7));
    expect(problems).toHaveLength(1);
  });

  it('that are fewer than map_count says are counted', () => {
    const { memory, kernel, mm } = createSpace(20, info);
    memory.writeInt(MM + 0x40n, 21);
    expect(indices(kernel, mm)).toEqual({
      found: upTo(20),
      problems: [
        expect.stringContaining(
          'MAP_COUNT_DIFFERS mm_struct 0xffff888000010000: map_count is 21, but 20 mappings',
        ),
      ],
    });
  });
});

describe('a broken list', () => {
  it.each([
    ['ends early', 0n],
    ['leads out of the kernel', 0x1234n],
    ['goes in a circle', vmaAt(3)],
    ['leaves some out', vmaAt(15)],
  ])('that %s is made whole by the tree, without a word', (_, next) => {
    const { memory, kernel, mm } = createSpace(20, LIST);
    memory.writeWord(vmaAt(7) + 0x30n, next);
    expect(indices(kernel, mm)).toEqual({ found: upTo(20), problems: [] });
  });

  it('without the other ways gives what lies before the break, and says so', () => {
    const { memory, mm } = createSpace(20, LIST);
    const { 'mm.mm_rb_offset': _, 'vma.vm_prev_offset': __, ...info } = LIST;
    memory.writeWord(vmaAt(7) + 0x30n, 0x1234n);
    const { found, problems } = indices({ memory, info }, mm);
    expect(found).toEqual(upTo(8));
    expect(problems).toHaveLength(1);
  });

  it('does not take in a mapping that was given back, which the tree does not have', () => {
    const { memory, kernel, mm } = createSpace(20, LIST);
    const stale = vmaAt(30);
    for (const [offset, value] of [
      [0n, 0x3000000n],
      [8n, 0x3001000n],
      [0x10n, MM],
      [0x30n, 0n],
    ] as const)
      memory.writeWord(stale + offset, value);
    memory.writeWord(vmaAt(19) + 0x30n, stale);
    expect(indices(kernel, mm)).toEqual({ found: upTo(20), problems: [] });
  });
});

describe('a maple tree', () => {
  it('has each mapping for exactly the addresses that it covers', () => {
    const { memory, kernel, mm } = createSpace(20, TREE);
    memory.writeWord(vmaAt(7), startOf(7) - 0x1000n);
    const { found, problems } = indices(kernel, mm);
    expect(found).toEqual(upTo(20, 7));
    expect(problems[0]).toContain('vm_start is 0x41b000, expected 0x41c000, as its slot');
  });

  it('with a slot that was blanked lacks a mapping, which only the count tells', () => {
    const { memory, kernel, mm, nodes } = createSpace(5, TREE);
    memory.writeWord(nodes[0]!.address + 128n + 8n, 0n);
    const { found, problems } = indices(kernel, mm);
    expect(found).toEqual(upTo(5, 0));
    expect(problems).toEqual([expect.stringContaining('MAP_COUNT_DIFFERS')]);
  });
});

describe('findVmaOrder', () => {
  it('goes by what the profile has', () => {
    const { memory } = createSpace(0, LIST);
    expect(findVmaOrder({ memory, info: LIST })).toBe('list');
    expect(findVmaOrder({ memory, info: TREE })).toBe('tree');
    expect(findVmaOrder({ memory, info: { ...LIST, ...TREE } })).toBe('tree');
    expect(() => findVmaOrder({ memory, info: COMMON })).toThrow(
      'the profile has neither mm.mm_mt_offset nor, as for an older kernel, mm.mmap_offset and vma.vm_next_offset',
    );
  });
});

describe('a mapping', () => {
  it('tells its rights, and where in the file it starts', () => {
    const { memory, kernel } = createSpace(1, LIST);
    memory.writeWord(vmaAt(0) + 0x60n, 0x123456n);
    const vma = new Vma(kernel, vmaAt(0));
    expect([vma.perms, vma.flags, vma.offset]).toEqual(['r-xp', 0x8000075n, 0x123456000n]);
    memory.writeWord(vmaAt(0) + 0x20n, 0xdan);
    expect(vma.perms).toBe('-w-s');
  });

  it('has its offset before its file where the profile does not say', () => {
    const { memory, kernel } = createSpace(1, LIST);
    memory.writeWord(vmaAt(0) + 0x60n, 2n);
    const { 'vma.vm_pgoff_offset': _, ...info } = kernel.info;
    expect(new Vma({ memory, info }, vmaAt(0)).offset).toBe(0x2000n);
  });

  it('has no offset that a file of 64 bits cannot have', () => {
    const { memory, kernel } = createSpace(1, LIST);
    memory.writeWord(vmaAt(0) + 0x60n, 1n << 52n);
    expect(() => new Vma(kernel, vmaAt(0)).offset).toThrow('vm_pgoff is 0x10000000000000');
  });
});

describe('the names of anonymous memory', () => {
  /** Mapping 1 with a heap of the given bounds; the stack is elsewhere. */
  function heap(startBrk: bigint, brk: bigint, touches?: 0 | 1) {
    const { memory, kernel, mm } = createSpace(3, LIST);
    memory.writeWord(MM + 0x48n, startBrk);
    memory.writeWord(MM + 0x50n, brk);
    memory.writeWord(MM + 0x58n, 0x7ffc00000000n);
    const info =
      touches === undefined ? kernel.info : { ...kernel.info, 'vma.initial_heap_touches': touches };
    return new VmaNames({ memory, info }).read(new Vma(kernel, vmaAt(1)), mm);
  }
  const [start, end] = [startOf(1), startOf(1) + 0x2000n];

  it.each([
    ['inside', start, end, '[heap]', '[heap]'],
    ['a part of a larger one', start - 0x1000n, end + 0x1000n, '[heap]', '[heap]'],
    ['around a smaller one', start + 0x1000n, start + 0x1800n, '[heap]', '[heap]'],
    ['touching at its end', end, end + 0x1000n, '[heap]', undefined],
    ['touching at its start', start - 0x1000n, start, '[heap]', undefined],
    ['beside it', end + 0x1000n, end + 0x2000n, undefined, undefined],
  ])('a mapping %s is the heap by the rule of its kernel', (_, startBrk, brk, older, newer) => {
    expect([heap(startBrk, brk, 1), heap(startBrk, brk), heap(startBrk, brk, 0)]).toEqual([
      older,
      older,
      newer,
    ]);
  });

  it('are not told where the bounds of heap and stack make no sense', () => {
    expect(() => heap(end, start)).toThrow('brk is');
    const { kernel, mm } = createSpace(1, LIST);
    expect(() => new VmaNames(kernel).read(new Vma(kernel, vmaAt(0)), mm)).toThrow('start_stack is 0x0');
  });

  it('have the stack where it began, up to its last address', () => {
    const { memory, kernel, mm } = createSpace(3, LIST);
    memory.writeWord(MM + 0x58n, end);
    const name = (index: number) => new VmaNames(kernel).read(new Vma(kernel, vmaAt(index)), mm);
    expect([name(0), name(1), name(2)]).toEqual([undefined, '[stack]', undefined]);
  });

  it("are the kernel's own for its special mappings, by their operations", () => {
    const { memory, kernel, mm } = createSpace(3, LIST);
    const info = {
      ...kernel.info,
      'vma.special_mapping_vmops_addr': SPECIAL,
      'vm_special_mapping.name_offset': 0,
    };
    memory.writeWord(MM + 0x58n, 0x7ffc00000000n);
    memory.writeWord(vmaAt(1) + 0x58n, SPECIAL);
    memory.writeWord(vmaAt(1) + 0x70n, 0xffffffff82002000n);
    memory.writeWord(0xffffffff82002000n, 0xffffffff82003001n);
    memory.writeText(0xffffffff82003001n, '[vvar_vclock]');
    const name = (index: number) => new VmaNames({ memory, info }).read(new Vma(kernel, vmaAt(index)), mm);
    expect([name(0), name(1)]).toEqual([undefined, '[vvar_vclock]']);
    memory.writeText(0xffffffff82003001n, 'no brackets');
    expect(() => name(1)).toThrow('expected a name in brackets');
  });

  it('are [vdso] by its address where the profile does not know the operations', () => {
    const { memory, kernel, mm } = createSpace(3, LIST);
    memory.writeWord(MM + 0x58n, 0x7ffc00000000n);
    memory.writeWord(MM + 0x60n, start);
    const name = (index: number) => new VmaNames(kernel).read(new Vma(kernel, vmaAt(index)), mm);
    expect([name(0), name(1)]).toEqual([undefined, '[vdso]']);
  });

  it('are those that a program gave them, after all others', () => {
    const { memory, kernel, mm } = createSpace(3, LIST);
    const info = {
      ...kernel.info,
      'vma.anon_name_offset': 0x80,
      'vma.shared_offset': 0xa0,
      'anon_vma_name.name_offset': 4,
    };
    const names = new VmaNames({ memory, info });
    memory.writeWord(MM + 0x58n, 0x7ffc00000000n);
    memory.writeWord(vmaAt(1) + 0x80n, 0xffff888000300000n);
    memory.writeText(0xffff888000300004n, 'glibc: malloc');
    const vma = new Vma(kernel, vmaAt(1));
    expect([names.read(vma, mm), names.readShared(vma)]).toEqual([
      '[anon:glibc: malloc]',
      '[anon_shmem:glibc: malloc]',
    ]);
    expect(names.read(new Vma(kernel, vmaAt(0)), mm)).toBeUndefined();
    const union = new VmaNames({ memory, info: { ...info, 'vma.shared_offset': 0x80 } });
    expect(union.readShared(vma)).toBeUndefined();
    memory.writeText(0xffff888000300004n, 'not\u0001printable');
    expect(() => names.read(vma, mm)).toThrow('printable characters');
  });
});
