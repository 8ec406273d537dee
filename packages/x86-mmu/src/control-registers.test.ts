import { describe, expect, it } from 'vitest';
import { pagingFromRegisters } from './control-registers';

const PG = 0x80050033n;

describe('pagingFromRegisters', () => {
  it.each([
    // CR4 bit 5 is PAE, bit 12 LA57; EFER bit 10 is LMA
    ['i386', { cr4: 0x90n, cr3: 0x1ffa018n }, 0x1ffa000],
    ['pae', { cr4: 0x20n, cr3: 0x1ffa0e0n, longMode: false }, 0x1ffa0e0],
    ['pae', { cr4: 0x20n, cr3: 0x1ffa0e0n, efer: 0x800n }, 0x1ffa0e0],
    ['4-level', { cr4: 0x20n, cr3: 0x18e4000n, efer: 0x500n }, 0x18e4000],
    ['4-level', { cr4: 0x20n, cr3: 0x8000000012344abcn, longMode: true }, 0x12344000],
    ['4-level', { cr4: 0x20020n, cr3: 0x12344006n }, 0x12344000],
    ['5-level', { cr4: 0x1020n, cr3: 0xfffffffff4000n, longMode: true }, 0xfffffffff4000],
    ['4-level', { cr4: 0x20n, cr3: 0xe000000012344fffn, efer: 0xd01n }, 0x12344000],
    // EFER is the processor's own, and a secondary one may not be in long mode yet
    ['pae', { cr4: 0x20n, cr3: 0x1ffa000n, efer: 0n, longMode: true }, 0x1ffa000],
    ['5-level', { cr4: 0x1020n, cr3: 0x1ffa000n, efer: 0x500n, longMode: false }, 0x1ffa000],
    // LA57 means nothing outside long mode, and an old CR3 may have any bits above 32
    ['pae', { cr4: 0x1020n, cr3: 0xffffffff01ffa0ffn, efer: 0n }, 0x1ffa0e0],
    ['i386', { cr4: 0x1010n, cr3: 0xffffffff01ffafffn }, 0x1ffa000],
  ] as const)('chooses %s by CR0, CR4 and EFER', (name, registers, root) => {
    expect(pagingFromRegisters({ cr0: PG, ...registers })).toEqual({
      form: expect.objectContaining({ name }),
      root,
    });
  });

  it('has no pages of 4 MiB while CR4.PSE is clear', () => {
    const leadsTo = (cr4: bigint) => pagingFromRegisters({ cr0: PG, cr3: 0n, cr4 }).form.levels[0]?.leadsTo;
    expect([leadsTo(0x90n), leadsTo(0x80n)]).toEqual(['either', 'table']);
    expect(pagingFromRegisters({ cr0: PG, cr3: 0n, cr4: 0n }).form.name).toBe('i386');
  });

  it('knows no user half of two levels, nor of a PAE table that shares its page', () => {
    const ptiUserRoot = (cr3: bigint, cr4: bigint) =>
      pagingFromRegisters({ cr0: PG, cr3, cr4, longMode: false }).ptiUserRoot;
    expect(ptiUserRoot(0x1001000n, 0x10n)).toBeUndefined();
    expect(ptiUserRoot(0x126fb40n, 0x30n)).toBeUndefined();
    expect(ptiUserRoot(0x126f000n, 0x30n)).toEqual({ kernelRoot: 0x126e000, certain: false });
  });

  it('tells where the kernel half would be', () => {
    const { root, ptiUserRoot } = pagingFromRegisters({ cr0: PG, cr3: 0x5005n, cr4: 0x20n, longMode: true });
    expect([root, ptiUserRoot]).toEqual([0x5000, { kernelRoot: 0x4000, certain: false }]);
    const withPcid = pagingFromRegisters({ cr0: PG, cr3: 0x5805n, cr4: 0x20020n });
    expect([withPcid.root, withPcid.ptiUserRoot]).toEqual([0x5000, { kernelRoot: 0x4000, certain: true }]);
  });

  it('names what cannot be decided', () => {
    const code = (code: string): unknown => expect.objectContaining({ code });
    expect(() => pagingFromRegisters({ cr0: 0x60000010n, cr3: 0n, cr4: 0n })).toThrow(code('PAGING_OFF'));
    expect(() => pagingFromRegisters({ cr0: PG, cr3: 0n, cr4: 0x20n })).toThrow(code('PAGING_UNDECIDED'));
  });
});
