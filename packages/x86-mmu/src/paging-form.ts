import type { Architecture } from '@osi-linux/core';
import { i386, x86_64 } from './architecture';

/** The forms of paging by the names that reports use. */
export type PagingFormName = 'i386' | 'pae' | '4-level' | '5-level';

/** Intel's names of paging-structure entries (SDM vol. 3A, table 4-2). */
export type PagingLevelName = 'PML5E' | 'PML4E' | 'PDPTE' | 'PDE' | 'PTE';

/** One level of a page walk. */
export interface PagingLevel {
  /** Name of the entries of this level. */
  readonly name: PagingLevelName;
  /** Lowest bit of the virtual address that selects an entry; an entry spans `2 ** shift` bytes. */
  readonly shift: number;
  /** How many bits select an entry; a table has `2 ** bits` entries. */
  readonly bits: number;
  /** The target of an entry: always a table, always a page, or a page where its PS bit (7) is set. */
  readonly leadsTo: 'table' | 'page' | 'either';
  /** Bits that must be clear in an entry that leads to a table. */
  readonly reservedInTable: bigint;
  /** Bits that must be clear in an entry that leads to a page. */
  readonly reservedInPage: bigint;
  /** PSE-36: bits of a page's entry that hold the physical address from bit 32 on. */
  readonly highFrame?: {
    /** The lowest of them. */
    readonly shift: number;
    /** How many they are. */
    readonly bits: number;
  };
}

/** A form of x86 paging as a row of data, walked by one walker (SDM vol. 3A, chapter 4). */
export interface PagingForm {
  /** Name of the form. */
  readonly name: PagingFormName;
  /** The architecture whose kernels use it. */
  readonly architecture: Architecture;
  /** Bytes of an entry. */
  readonly entrySize: 4 | 8;
  /** Bits of a virtual address that are translated; those above repeat the highest one, or are 0 in 32 bits. */
  readonly virtualBits: 32 | 48 | 57;
  /** Bits of an entry or of CR3 that hold the address of a table or page frame. */
  readonly frameMask: bigint;
  /** The alignment of the physical address of the top table, in bytes. */
  readonly rootAlignment: 32 | 4096;
  /** The levels from the top down. */
  readonly levels: readonly PagingLevel[];
}

const PS = 0x80n;
const FRAME_52 = 0x000ffffffffff000n;

// PAE has no ignored high bits: all from 52 to 62 are reserved, and bit 63 too in a PDPTE (SDM vol. 3A 4.4.2).
const PAE_HIGH = 0x7ff0000000000000n;

const PTE: PagingLevel = {
  name: 'PTE',
  shift: 12,
  bits: 9,
  leadsTo: 'page',
  reservedInTable: 0n,
  reservedInPage: 0n,
};
// Below the frame of a large page only bit 12, PAT, has a meaning.
const PDE: PagingLevel = { ...PTE, name: 'PDE', shift: 21, leadsTo: 'either', reservedInPage: 0x1fe000n };
const PDPTE: PagingLevel = { ...PDE, name: 'PDPTE', shift: 30, reservedInPage: 0x3fffe000n };
const TABLE: PagingLevel = { ...PTE, name: 'PDE', leadsTo: 'table' };
const PML4E: PagingLevel = { ...PTE, name: 'PML4E', shift: 39, leadsTo: 'table', reservedInTable: PS };
const PML5E: PagingLevel = { ...PML4E, name: 'PML5E', shift: 48 };

const i386Form: PagingForm = {
  name: 'i386',
  architecture: i386,
  entrySize: 4,
  virtualBits: 32,
  frameMask: 0xfffff000n,
  rootAlignment: 4096,
  levels: [
    { ...PDE, shift: 22, bits: 10, reservedInPage: 0x200000n, highFrame: { shift: 13, bits: 8 } },
    { ...PTE, bits: 10 },
  ],
};

/** `i386` with CR4.PSE clear: the PS bit of a PDE is ignored, there are no pages of 4 MiB (SDM vol. 3A 4.3). */
export const i386WithoutPse: PagingForm = {
  ...i386Form,
  levels: i386Form.levels.map((level) => (level.name === 'PDE' ? { ...TABLE, shift: 22, bits: 10 } : level)),
};

const fourLevel: PagingForm = {
  name: '4-level',
  architecture: x86_64,
  entrySize: 8,
  virtualBits: 48,
  frameMask: FRAME_52,
  rootAlignment: 4096,
  levels: [PML4E, PDPTE, PDE, PTE],
};

/**
 * All forms by name: `i386` (two levels, 4 KiB and 4 MiB pages), `pae`, `4-level` and `5-level` (LA57).
 *
 * @example
 * ```ts
 * pagingForms['4-level'].levels.map((level) => level.name) // => ['PML4E', 'PDPTE', 'PDE', 'PTE']
 * ```
 */
export const pagingForms: Readonly<Record<PagingFormName, PagingForm>> = {
  i386: i386Form,
  pae: {
    name: 'pae',
    architecture: i386,
    entrySize: 8,
    virtualBits: 32,
    frameMask: FRAME_52,
    rootAlignment: 32,
    levels: [
      // The SDM reserves bit 5 of a PDPTE as well; QEMU sets it as the accessed bit, so that real dumps have it.
      { ...PDPTE, bits: 2, leadsTo: 'table', reservedInTable: 0xfff00000000001c6n },
      { ...PDE, reservedInTable: PAE_HIGH, reservedInPage: PDE.reservedInPage | PAE_HIGH },
      { ...PTE, reservedInPage: PAE_HIGH },
    ],
  },
  '4-level': fourLevel,
  '5-level': { ...fourLevel, name: '5-level', virtualBits: 57, levels: [PML5E, ...fourLevel.levels] },
};
