import {
  decodeText,
  formatFinding,
  type GuestAddress,
  offsetAddress,
  type PhysicalAddress,
  type PhysicalMemory,
  readPartial,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';
import type { Utsname } from '@osi-linux/kstruct';
import type { Finding } from '@osi-linux/memory';
import { eachOccurrence, memoryBetween } from '@osi-linux/symbols';
import { eachImagePage, IMAGE_REACH, indexOfBytes } from './image-page';

/**
 * How a banner was found: by the symbol `linux_banner`, as the text with the names of `init_uts_ns`, in a page of the
 * kernel's image that cannot be written (`.rodata`), or as the first text that looks like one, which any program of the
 * guest can have written.
 */
export type BannerSource = 'linux_banner' | 'init_uts_ns' | 'rodata' | 'text-search';

/** The text that a kernel greets with, `linux_banner`, without its final newline. */
export interface Banner {
  readonly text: string;
  /** Where it stands: virtual where it was found through the kernel's page tables. */
  readonly address: GuestAddress;
  readonly source: BannerSource;
}

const START = new TextEncoder().encode('Linux version ');
/** No banner is longer: release, builder, compiler and build date. */
const LONGEST_BANNER = 512;

/**
 * A banner is `Linux version RELEASE (BUILDER) (COMPILER) #BUILD` and ends with a newline (init/version.c).
 * Formats such as `Linux version %s` and texts that only quote a part of it do not match.
 */
const SHAPE = /^Linux version [0-9][^ \n\0]* \([^\n\0]*\) [^\n\0]*#[0-9][^\n\0]*(?=\n)/;

const EVIDENCE: Readonly<Record<BannerSource, string>> = {
  linux_banner: 'linux_banner, by its symbol',
  init_uts_ns: 'has the release and version of init_uts_ns',
  rodata: 'in a read-only page of the kernel image',
  'text-search': 'by text search alone, the last resort: any program of the guest can write such a text',
};

/** The finding about a banner. */
export function bannerFinding(banner: Banner | undefined): Finding {
  if (banner === undefined)
    return { what: 'banner', value: 'not found', evidence: 'no "Linux version" text in all of memory' };
  const { text, address, source } = banner;
  const { evidence: place } = formatFinding({ what: 'banner', value: text, evidence: address });
  return { what: 'banner', value: text, evidence: `${EVIDENCE[source]}; ${place}` };
}

/** Searches all of a dump's memory, byte by byte: hundreds of MB a second. */
export function scanForBanner(memory: PhysicalMemory): Banner | undefined {
  return bannerAmong(memory, places(memory, 1));
}

/** The first banner at one of some places in physical memory. */
export function bannerAmong(memory: PhysicalMemory, places: Iterable<PhysicalAddress>): Banner | undefined {
  const [first] = eachBannerAmong(memory, places);
  return first;
}

function* eachBannerAmong(memory: PhysicalMemory, places: Iterable<PhysicalAddress>): Generator<Banner> {
  for (const at of places) {
    const text = bannerAt(readPhysical(memory, at, LONGEST_BANNER));
    if (text !== undefined) yield { text, address: { physical: at }, source: 'text-search' };
  }
}

function* places(memory: PhysicalMemory, alignment: 1 | 4): Generator<PhysicalAddress> {
  for (const { at } of eachOccurrence(memory, [{ bytes: START, alignment }])) yield at;
}

/** Searches the image of a kernel, which is one run of memory, the lowest address first. */
export function* eachImageBanner(memory: PhysicalMemory, start: PhysicalAddress): Generator<Banner> {
  const image = memoryBetween(memory, start, start + IMAGE_REACH);
  let found = 0;
  // Arrays of this size are aligned by the compiler; where none is, every byte is looked at.
  for (const banner of eachBannerAmong(image, places(image, 4))) {
    found += 1;
    yield banner;
  }
  if (found === 0) yield* eachBannerAmong(image, places(image, 1));
}

/** Bytes up to the first hole. */
function readPhysical(memory: PhysicalMemory, at: PhysicalAddress, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, memory.scan(at, bytes));
}

/** The banner at an address that the kernel's symbols have. */
export function bannerBySymbol(memory: VirtualMemory, address: VirtualAddress): Banner | undefined {
  const text = bannerAt(readPartial(memory, address, LONGEST_BANNER).bytes);
  return text === undefined ? undefined : { text, address: { virtual: address }, source: 'linux_banner' };
}

/**
 * The banner in a kernel's image, through the kernel's page tables: the text with the names of `init_uts_ns` if these
 * are known, in `.rodata` before the kernel log, where it stands as well; else a text in `.rodata`, else any.
 */
export function findImageBanner(
  memory: VirtualMemory,
  inImage: VirtualAddress,
  uts: Utsname | undefined,
): Banner | undefined {
  let [logged, first]: (Banner | undefined)[] = [];
  for (const { address, text, whole } of eachTextNear(memory, inImage)) {
    const isReadOnly = memory.mapping?.(address)?.writable === false;
    const named = uts === undefined ? undefined : textOf(text, uts);
    const at = { virtual: address };
    if (named !== undefined) {
      const found: Banner = { text: named, address: at, source: 'init_uts_ns' };
      if (isReadOnly) return found;
      logged ??= found;
    } else if (whole !== undefined) {
      if (isReadOnly && uts === undefined) return { text: whole, address: at, source: 'rodata' };
      first ??= { text: whole, address: at, source: 'text-search' };
    }
  }
  return logged ?? first;
}

/** Each text near an address of a kernel's image that looks like a banner, the nearest 2 MiB first. */
export function* eachBannerNear(memory: VirtualMemory, inImage: VirtualAddress): Generator<Banner> {
  for (const { address, whole } of eachTextNear(memory, inImage))
    if (whole !== undefined) yield { text: whole, address: { virtual: address }, source: 'text-search' };
}

interface FoundText {
  readonly address: VirtualAddress;
  /** Up to the first newline or NUL. */
  readonly text: string;
  /** The same, if it has the shape of a banner to its end. */
  readonly whole: string | undefined;
}

function* eachTextNear(memory: VirtualMemory, inImage: VirtualAddress): Generator<FoundText> {
  for (const { address, bytes } of eachImagePage(memory, inImage)) {
    for (let hit = indexOfBytes(bytes, START, 0); hit >= 0; hit = indexOfBytes(bytes, START, hit + 1)) {
      const at = offsetAddress(address, hit);
      const read = readPartial(memory, at, LONGEST_BANNER).bytes;
      const [text = ''] = decodeText(read).split(/[\n\0]/, 1);
      yield { address: at, text, whole: bannerAt(read) };
    }
  }
}

/** A text up to the end of the version, if it begins with the release; the kernel log has other records right behind. */
function textOf(text: string, { release, version }: Utsname): string | undefined {
  const at = text.indexOf(` ${version}`);
  if (at < 0 || !text.startsWith(`Linux version ${release} (`)) return undefined;
  return text.slice(0, at + 1 + version.length);
}

/** The banner that some bytes begin with. */
function bannerAt(bytes: Uint8Array): string | undefined {
  return SHAPE.exec(decodeText(bytes.subarray(0, LONGEST_BANNER)))?.[0];
}
