import type { Guest } from '@osi-linux/guest';
import { describe, expect, it } from 'vitest';
import type { ListingOptions } from '../command';
import { formatTranslation, translate } from './translate';

type Walk = ReturnType<Guest['memory']['walk']>;
type Fault = Exclude<Walk, { readonly fault?: undefined }>;

const options: ListingOptions = { pids: [], cpu: undefined } as never;

/** A guest that answers only page walks. */
function guestOf(walk: Walk): Guest {
  return { memory: { walk: () => walk } } as never;
}

const fault: Fault = {
  fault: 'not-present',
  virtual: 0x2010n,
  level: 'PTE',
  entryAddress: 0x4010,
  entry: 0xffffffa000160n,
  unmappedBytes: 0xff0n,
  entries: [{ level: 'PTE', entryAddress: 0x4010, entry: 0xffffffa000160n }],
};

describe('translate', () => {
  it('answers a fault with what Linux keeps in the entry', () => {
    const nonPresent = {
      kind: 'prot-none',
      meaning: 'PROT_NONE, still at physical 0x5fff010',
      physical: 0x5fff010,
    };
    const { row, missing } = translate(guestOf({ ...fault, nonPresent } as Fault), 0x2010n, options);
    expect(row).toEqual({
      virtual: '0x2010',
      fault: 'not-present',
      level: 'PTE',
      holeBytes: 4080,
      detail: 'prot-none',
      meaning: 'PROT_NONE, still at physical 0x5fff010',
      residentAt: '0x5fff010',
      entries: [{ level: 'PTE', entryAddress: '0x4010', entry: '0xffffffa000160' }],
    });
    expect(missing).toBeUndefined();
    expect(formatTranslation(row)).toMatch(
      /\nnot present \(PT entry: PROT_NONE, still at physical 0x5fff010\); the entry covers the next 4080 bytes$/,
    );
  });

  it('tells the swap slot, of which page 0 of file 0 is one', () => {
    const nonPresent = { kind: 'swapped', meaning: 'swapped out', swap: { type: 0, offset: 0 } };
    const { row } = translate(guestOf({ ...fault, nonPresent } as Fault), 0x2010n, options);
    expect(row).toMatchObject({ detail: 'swapped', swapType: 0, swapOffset: 0 });
    expect(row).not.toHaveProperty('residentAt');
  });

  it.each([
    ['not-present', 'unmapped', 'not mapped (empty PML4 entry); nothing is mapped for the next 512 GiB'],
    ['reserved-bit', undefined, 'reserved bit set in the PML4 entry; it covers the next 512 GiB'],
    ['table-missing', undefined, 'page table of the PML4 entry not in the dump; it covers the next 512 GiB'],
    ['non-canonical', undefined, 'not a canonical address; nor is any in the next 512 GiB'],
  ])('names the entry and the size of a fault %s %s for people', (kind, detail, text) => {
    const row = { virtual: '0x0', fault: kind, level: 'PML4E', holeBytes: 2 ** 39, detail, entries: [] };
    expect(formatTranslation(row as never)).toBe(`virtual 0x0\n${text}`);
  });

  it('adds nothing to the other faults', () => {
    const { row } = translate(guestOf(fault), 0x2010n, options);
    expect(Object.keys(row)).toEqual(['virtual', 'fault', 'level', 'holeBytes', 'entries']);
    expect(formatTranslation(row)).toMatch(
      /\nnot present \(PT entry\); the entry covers the next 4080 bytes$/,
    );
  });
});
