import { formatAddress, I386_PAGE_OFFSET, type PhysicalAddress } from '@osi-linux/core';
import { pageFrame } from './internal/page-frame';
import type { NonPresentEntry, NonPresentKind } from './non-present-entry';
import type { NonPresentReader } from './non-present-reader';
import type { FaultedWalk } from './page-walk';
import type { PagingForm, PagingFormName, PagingLevel } from './paging-form';

/**
 * The numbers that a kernel gives to entries that are not of a swap file; they depend on its configuration.
 */
export interface LinuxSwapTypes {
  /** `SWP_MIGRATION_READ` to `SWP_MIGRATION_WRITE`. */
  readonly migration: readonly number[];
  /** `SWP_HWPOISON`. */
  readonly poisoned: readonly number[];
  /** `SWP_DEVICE_WRITE` and those that follow it. */
  readonly device: readonly number[];
}

/** The properties of a kernel that its entries alone do not show. */
export interface LinuxEntryFormat {
  /** The swap types beyond swap files; without them a number beyond those of swap files is `special`. */
  readonly types?: LinuxSwapTypes | undefined;
  /**
   * Whether bit 8 means PROT_NONE. Default true; Linux 2.4 used bit 7, and had the offset of a swapped page begin
   * with bit 8, so that such an entry is `unknown` if this is false.
   */
  readonly globalIsProtNone?: boolean;
}

/** How Linux writes entries that are not present, for one form of paging. */
interface Encoding {
  /** From here on there are kernel addresses only, for every CONFIG_VMSPLIT_*. */
  readonly kernelFrom: bigint;
  /** Levels whose entries can hold more than "nothing here"; those of large pages are the PDEs. */
  readonly levels: readonly string[];
  /**
   * Set in an entry of a kernel that stores the complement of frames and offsets; clear in one that does not. Of frames
   * the highest bit of the field, for each width that the field has in some kernel, the widest first.
   */
  readonly invertedFrame: readonly bigint[];
  readonly invertedOffset: bigint;
  readonly typeShift: bigint;
  readonly offsetShift: bigint;
  readonly offsetBits: number;
  /** Bits of a frame number inside of an offset: MAX_PHYSMEM_BITS - PAGE_SHIFT. */
  readonly frameBits: number;
}

// Linux commit 6b28baca9b1f ("x86/speculation/l1tf: Protect PROT_NONE PTEs against speculation") (in v4.19) stores
// frames inverted, and 2f22b4cd45b6 ("x86/speculation/l1tf: Protect swap entries against L1TF") offsets: the highest
// bit of the field is then set, for no memory and no swap file is that large. 32-bit entries are never inverted.
const ENTRY_64: Encoding = {
  kernelFrom: 0xff00000000000000n,
  levels: ['PDE', 'PTE'],
  invertedFrame: [1n << 51n],
  invertedOffset: 1n << 58n,
  typeShift: 59n,
  offsetShift: 9n,
  offsetBits: 50,
  frameBits: 34,
};
const ENTRY_32: Encoding = {
  kernelFrom: I386_PAGE_OFFSET,
  levels: ['PTE'],
  invertedFrame: [],
  invertedOffset: 0n,
  typeShift: 1n,
  offsetShift: 9n,
  offsetBits: 23,
  frameBits: 20,
};

/** arch/x86/include/asm/pgtable_64.h, pgtable-3level.h (the same since v4.19) and pgtable-2level.h. */
const ENCODINGS: Readonly<Record<PagingFormName, Encoding>> = {
  i386: ENTRY_32,
  pae: { ...ENTRY_64, kernelFrom: I386_PAGE_OFFSET, frameBits: 24 },
  // __PHYSICAL_MASK_SHIFT is 46 in kernels without five levels: arch/x86/include/asm/page_64_types.h up to 4.15.
  '4-level': { ...ENTRY_64, invertedFrame: [1n << 51n, 1n << 45n] },
  '5-level': { ...ENTRY_64, frameBits: 40 },
};

const PSE = 0x80n;
const PROT_NONE = 0x100n;

/** MAX_SWAPFILES was never less (include/linux/swap.h): 32 less 4 of devices, 3 of migration, 1 poisoned, 1 marker. */
const FEWEST_SWAP_FILES = 23;
/** `SWP_PTE_MARKER` is the last number, since v5.19; before, that number had a frame with it. */
const MARKER_TYPE = 31;
/** `PTE_MARKER_*` of include/linux/swapops.h; no frame below 16 ever has a page of a process. */
const MARKERS: readonly (readonly [bit: number, name: string])[] = [
  [1, 'userfaultfd write-protection'],
  [2, 'a poisoned page'],
  [4, 'a guard region'],
];
const MARKERS_END = 16;

/**
 * Reads entries that are not present as Linux writes them: PROT_NONE, swap, migration.
 *
 * Pages of the kernel are never swapped.
 *
 * @example
 * ```ts
 * const fault = { fault: 'not-present', virtual: 0x2010n, level: 'PTE', entry: 0xffffff8000160n, unmappedBytes: 1n, entries: [] };
 * const { kind, physical } = linuxNonPresent()(pagingForms['4-level'], fault);
 * [kind, physical] // => ['prot-none', 0x7fff010]
 * ```
 */
export function linuxNonPresent(format: LinuxEntryFormat = {}): NonPresentReader {
  const { types, globalIsProtNone = true } = format;
  return (form, fault) => {
    const { entry, virtual } = fault;
    const level = form.levels.find(({ name }) => name === fault.level);
    if (entry === undefined || level === undefined) return UNKNOWN;
    if (entry === 0n) return { kind: 'unmapped', meaning: 'never mapped, or unmapped again' };
    const encoding = ENCODINGS[form.name];
    if (!encoding.levels.includes(level.name)) return UNKNOWN;
    // Bit 8 is "global" in the kernel's own entries, which are never swapped.
    if (virtual >= encoding.kernelFrom) return WITHHELD;
    if (!globalIsProtNone) return UNDECIDED;
    const residency = findResidency(level, entry);
    if (residency !== undefined) return resident(form, level, fault, residency);
    return swapEntry(encoding, level, fault, types);
  };
}

const UNKNOWN: NonPresentEntry = { kind: 'unknown', meaning: 'not an entry that Linux writes' };
const UNDECIDED: NonPresentEntry = {
  kind: 'unknown',
  meaning: 'PROT_NONE or swapped out, in the format of an older kernel',
};
const WITHHELD: NonPresentEntry = { kind: 'withheld', meaning: 'the kernel removed it from its own mapping' };
const SWAPPED: NonPresentEntry = {
  kind: 'swapped',
  meaning: 'swapped out, in the format of an older kernel',
};

const RESIDENCIES = {
  'prot-none': 'PROT_NONE, still',
  splitting: 'a large page that is being split, still',
} as const;

/**
 * pmd_present() and pte_present() of arch/x86/include/asm/pgtable.h: which bits mean that the page is there.
 */
function findResidency(level: PagingLevel, entry: bigint): keyof typeof RESIDENCIES | undefined {
  const large = level.name === 'PDE';
  if ((entry & PROT_NONE) !== 0n && (!large || (entry & PSE) !== 0n)) return 'prot-none';
  return large && (entry & PSE) !== 0n ? 'splitting' : undefined;
}

function resident(
  form: PagingForm,
  level: PagingLevel,
  { virtual, entry = 0n }: FaultedWalk,
  kind: keyof typeof RESIDENCIES,
): NonPresentEntry {
  const highest = ENCODINGS[form.name].invertedFrame.find((bit) => (entry & bit) !== 0n);
  const frame = pageFrame(form, level, highest === undefined ? entry : ~entry & (2n * highest - 1n));
  return residentAt(kind, RESIDENCIES[kind], frame + inPage(level, virtual));
}

function residentAt(kind: NonPresentKind, what: string, physical: PhysicalAddress): NonPresentEntry {
  return { kind, meaning: `${what} at physical ${formatAddress(physical)}`, physical };
}

function inPage(level: PagingLevel, virtual: bigint): number {
  return Number(virtual & ((1n << BigInt(level.shift)) - 1n));
}

/** Splits an entry as __swp_type() and __swp_offset() do. */
function swapEntry(
  encoding: Encoding,
  level: PagingLevel,
  { virtual, entry = 0n }: FaultedWalk,
  types: LinuxSwapTypes | undefined,
): NonPresentEntry {
  const inverted = (entry & encoding.invertedOffset) !== 0n;
  if (!inverted && encoding.invertedOffset !== 0n) return SWAPPED;
  const type = Number((entry >> encoding.typeShift) & 0x1fn);
  const stored = (inverted ? ~entry : entry) >> encoding.offsetShift;
  const offset = Number(stored & ((1n << BigInt(encoding.offsetBits)) - 1n));
  const swap = { type, offset };
  const kind = kindOfType(swap, types);
  if (kind === 'swapped') {
    return { kind, meaning: `swapped out, page ${offset} of swap file ${type}`, swap };
  }
  if (kind === 'marker') return { kind, meaning: `a marker: ${markerNames(offset)}`, swap };
  if (kind === 'device') return { kind, meaning: 'in device memory', swap };
  if (kind === 'migration' && offset < MARKERS_END)
    return { kind: 'special', meaning: `of type ${type}, without a frame`, swap };
  const physical = (offset % 2 ** encoding.frameBits) * 4096 + inPage(level, virtual);
  const entryOf = residentAt(kind, FRAME_ENTRIES[kind], physical);
  return kind === 'special' ? { kind, meaning: entryOf.meaning, swap } : { ...entryOf, swap };
}

const FRAME_ENTRIES = {
  migration: 'being migrated, still',
  poisoned: 'in poisoned memory,',
  special: 'being migrated, in poisoned memory or in a device,',
} as const;

function kindOfType(
  { type, offset }: { type: number; offset: number },
  types: LinuxSwapTypes | undefined,
): 'swapped' | 'marker' | 'device' | keyof typeof FRAME_ENTRIES {
  if (type === MARKER_TYPE && offset < MARKERS_END) return 'marker';
  if (types?.migration.includes(type)) return 'migration';
  if (types?.poisoned.includes(type)) return 'poisoned';
  if (types?.device.includes(type)) return 'device';
  return types === undefined && type >= FEWEST_SWAP_FILES ? 'special' : 'swapped';
}

function markerNames(offset: number): string {
  const names = MARKERS.filter(([bit]) => (offset & bit) !== 0).map(([, name]) => name);
  return names.length === 0 ? `number ${offset}` : names.join(', ');
}
