import { SkippedLog } from '@osi-linux/core';
import { FakeVirtualMemory } from '@osi-linux/test-fixtures/fake-kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eachListEntry } from './list-head';

const HEAD = 0xffff888000001000n;

/** A list whose nodes lie a page apart, so that each can be damaged alone. */
function createList(length: number) {
  const memory = new FakeVirtualMemory();
  const nodes = Array.from({ length }, (_, index) => HEAD + BigInt(index + 1) * 0x1000n);
  const ring = [HEAD, ...nodes];
  ring.forEach((node, index) => {
    memory.writeWord(node, ring[(index + 1) % ring.length]!);
    memory.writeWord(node + 8n, ring[(index + ring.length - 1) % ring.length]!);
  });
  return { memory, nodes };
}

function walk(memory: FakeVirtualMemory) {
  const skipped = new SkippedLog();
  const nodes = [...eachListEntry({ memory, info: {} }, { head: HEAD, name: 'test list' }, skipped)];
  return { nodes, codes: skipped.records.map(({ reason }) => reason.code) };
}

describe('eachListEntry', () => {
  it('yields the entries in order and not the head', () => {
    const { memory, nodes } = createList(5);
    expect(walk(memory)).toEqual({ nodes, codes: [] });
  });

  it('yields nothing for an empty list', () => {
    expect(walk(createList(0).memory)).toEqual({ nodes: [], codes: [] });
  });

  it('reaches what lies behind a missing page from the other end, and reports the gap', () => {
    const { memory, nodes } = createList(5);
    memory.remove(nodes[2]!);
    expect(walk(memory)).toEqual({
      nodes: nodes.filter((_, index) => index !== 2),
      codes: ['PAGE_NOT_PRESENT'],
    });
  });

  it('leaves a zeroed entry out and reports it', () => {
    const { memory, nodes } = createList(5);
    memory.writeBytes(nodes[1]!, new Uint8Array(16));
    expect(walk(memory)).toEqual({
      nodes: nodes.filter((_, index) => index !== 1),
      codes: ['LIST_INCONSISTENT'],
    });
  });

  it('loses nothing where one pointer leads astray', () => {
    const { memory, nodes } = createList(5);
    memory.writeWord(nodes[1]!, nodes[4]!);
    expect(walk(memory)).toEqual({ nodes, codes: ['LIST_INCONSISTENT'] });
  });

  it('ends in a cycle that leaves the head out', () => {
    const { memory, nodes } = createList(5);
    memory.writeWord(nodes[3]!, nodes[1]!);
    expect(walk(memory)).toEqual({ nodes, codes: ['LIST_INCONSISTENT'] });
  });

  it('finds all entries of a list whose head says that it is empty', () => {
    const { memory, nodes } = createList(3);
    memory.writeWord(HEAD, HEAD);
    expect(walk(memory)).toEqual({ nodes, codes: ['LIST_INCONSISTENT'] });
  });

  it('reports what two pointers that lead astray keep apart', () => {
    const { memory, nodes } = createList(5);
    memory.writeWord(HEAD, nodes[3]!);
    memory.writeWord(nodes[2]!, nodes[1]!);
    expect(walk(memory)).toEqual({ nodes: nodes.slice(3), codes: ['LIST_INCONSISTENT'] });
  });

  it('reports a head that cannot be read', () => {
    const { memory } = createList(3);
    memory.remove(HEAD);
    expect(walk(memory)).toEqual({ nodes: [], codes: ['PAGE_NOT_PRESENT'] });
  });

  it('reports nothing where the guest stood between the two writes of an insertion', () => {
    const { memory, nodes } = createList(5);
    // list_add has linked nodes[2] behind its predecessor; its successor does not know it yet.
    memory.writeWord(nodes[3]! + 8n, nodes[1]!);
    expect(walk(memory)).toEqual({ nodes, codes: [] });
  });

  it('yields each entry at most once, invents none and ends, whatever is overwritten', () => {
    const damage = fc.array(fc.tuple(fc.nat(23), fc.oneof(fc.nat(30), fc.constant(-1))), { maxLength: 12 });
    fc.assert(
      fc.property(damage, (writes) => {
        const { memory, nodes } = createList(11);
        for (const [word, target] of writes) {
          const at = HEAD + BigInt(word >> 1) * 0x1000n + BigInt(word & 1) * 8n;
          memory.writeWord(at, target < 0 ? 0n : HEAD + BigInt(target) * 0x1000n);
        }
        const found = walk(memory).nodes;
        expect(new Set(found).size).toBe(found.length);
        expect(found.every((node) => nodes.includes(node))).toBe(true);
      }),
    );
  });
});
