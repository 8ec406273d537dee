import {
  attempt,
  formatAddress,
  OsiError,
  offsetAddress,
  PAGE_SIZE,
  type PhysicalMemory,
  readPartial,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';
import { PagedRanges } from '../internal/paged-ranges';
import { readVirtualRange } from '../internal/virtual-range';
import type { SymbolTable } from '../tables/symbol-table';
import { Btf } from './btf';
import { BTF_HEADER_SIZE, type BtfHeader, readBtfHeader } from './btf-header';

/** Where the kernel's BTF is looked for. */
export interface BtfPlaces {
  /** The kernel's memory through its own page tables. */
  readonly memory: VirtualMemory;
  /** The same guest's physical memory: with it the BTF is read in a few large pieces, past the cache of pages. */
  readonly physical?: PhysicalMemory | undefined;
  /** The kernel's symbols, where they are known. */
  readonly symbols?: Pick<SymbolTable, 'lookup'> | undefined;
  /** First virtual address of the kernel's image, `_text`: a search without symbols begins there. */
  readonly textBase?: VirtualAddress | undefined;
}

/** The kernel's BTF as it was found. */
export interface FoundBtf {
  /** Its types. */
  readonly btf: Btf;
  /** Virtual address of its first byte. */
  readonly at: VirtualAddress;
  /** Its bytes. */
  readonly size: number;
  /** The method that led to it: `__start_BTF`, or the search. */
  readonly evidence: string;
}

/** The image of no kernel reaches further; the BTF is behind the read-only data, about 20 MiB in. */
const IMAGE = 256 * 1024 * 1024;
/** An image has one BTF; no more places than this are looked into. */
const MAX_PLACES = 64;
const MAGIC = [0x9f, 0xeb, 0x01, 0x00];
/** Types that every kernel has, and neither modules nor BPF programs describe. */
const MARK = 'task_struct';

/**
 * Finds the kernel's own BTF: by its symbols, else by a search of the image for a header behind which sections lie
 * that hold together and describe `task_struct`. `undefined` if there is no BTF.
 *
 * The section `.BTF` is between `__start_BTF` and `__stop_BTF` (include/asm-generic/vmlinux.lds.h), in kernels with
 * CONFIG_DEBUG_INFO_BTF. Memory holds many BTFs of modules and of BPF programs, which are outside the image.
 *
 * @throws OsiError `BTF_INCOMPLETE` where the symbols lead to it and the dump lacks a part, `BTF_MALFORMED` where what
 * is there is damaged.
 *
 * @example
 * ```ts
 * const memory = { page: () => undefined, fault: () => new OsiError('PHYSICAL_HOLE', 'never dumped') };
 * findBtf({ memory, textBase: 0xffffffff81000000n }) // => undefined
 * const symbols = { lookup: () => new Map([['__start_BTF', 0xffffffff82000000n]]) };
 * findBtf({ memory, symbols }) // throws BTF_INCOMPLETE
 * ```
 */
export function findBtf(places: BtfPlaces): FoundBtf | undefined {
  const { symbols, textBase } = places;
  const at = symbols?.lookup(['__start_BTF']).get('__start_BTF');
  if (at !== undefined) {
    const header = readBtfHeader(readWhole(places, at, BTF_HEADER_SIZE));
    if (header !== undefined) return readFound(places, at, header, 'symbol __start_BTF');
  }
  return textBase === undefined ? undefined : scanImage(places, textBase);
}

function readFound(places: BtfPlaces, at: VirtualAddress, { size }: BtfHeader, evidence: string): FoundBtf {
  return { btf: new Btf(readWhole(places, at, size)), at, size, evidence };
}

function scanImage(places: BtfPlaces, textBase: VirtualAddress): FoundBtf | undefined {
  let looked = 0;
  for (let offset = 0; offset < IMAGE; offset += PAGE_SIZE) {
    const bytes = places.memory.page(offsetAddress(textBase, offset))?.bytes;
    if (bytes === undefined) continue;
    for (const place of placesOfMagic(bytes)) {
      const at = offsetAddress(textBase, offset + place);
      const header = headerAt(places, at);
      if (header === undefined) continue;
      if (++looked > MAX_PLACES) return undefined;
      const found = tryPlace(places, at, header);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** Places of a page where a header may start: at a multiple of 4 bytes. */
function placesOfMagic(bytes: Uint8Array): number[] {
  const places: number[] = [];
  const [first = 0, ...rest] = MAGIC;
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (at % 4 === 0 && rest.every((byte, index) => bytes[at + 1 + index] === byte)) places.push(at);
  }
  return places;
}

/** A header whose strings begin and end as they must: the cheap checks come first. */
function headerAt({ memory }: BtfPlaces, at: VirtualAddress): BtfHeader | undefined {
  const header = readBtfHeader(readPartial(memory, at, BTF_HEADER_SIZE).bytes);
  if (header === undefined || header.typesSize === 0 || header.stringsSize === 0) return undefined;
  const isNul = (place: number): boolean => {
    const { bytes, holes } = readPartial(memory, offsetAddress(at, place), 1);
    return holes.length === 0 && bytes[0] === 0;
  };
  const { stringsAt, stringsSize } = header;
  return isNul(stringsAt) && isNul(stringsAt + stringsSize - 1) ? header : undefined;
}

/** Bytes that look like a BTF by chance are not an error. */
function tryPlace(places: BtfPlaces, at: VirtualAddress, header: BtfHeader): FoundBtf | undefined {
  const found = attempt(
    () => readFound(places, at, header, 'search of the kernel image'),
    () => undefined,
  );
  return found?.btf.sizeOf(MARK) === undefined ? undefined : found;
}

/** Bytes of the kernel; the size was bounded by the reader of the header. */
function readWhole({ memory, physical }: BtfPlaces, at: VirtualAddress, size: number): Uint8Array {
  if (physical !== undefined && memory.mapping !== undefined) {
    const { bytes, holes } = readVirtualRange(new PagedRanges(physical, memory), at, size);
    const [hole] = holes;
    if (hole === undefined) return bytes;
    throw incomplete(at, offsetAddress(at, hole.start), hole.end - hole.start, hole.reason);
  }
  const { bytes, holes } = readPartial(memory, at, size);
  const [hole] = holes;
  if (hole === undefined) return bytes;
  throw incomplete(at, hole.at, hole.length, hole.reason);
}

function incomplete(at: VirtualAddress, missing: VirtualAddress, length: number, cause: OsiError): OsiError {
  return new OsiError(
    'BTF_INCOMPLETE',
    `the kernel's BTF at ${formatAddress(at)} is incomplete: ${length} bytes are missing at ${formatAddress(missing)}`,
    {
      hint: 'use a section of kernelinfo.conf that the kernelinfo module printed in this kernel',
      cause,
      fields: { virtualAddress: at, missing },
    },
  );
}
