import {
  decodeText,
  type GuestAddress,
  LARGE_PAGE_SIZE,
  offsetAddress,
  PAGE_SIZE,
  type PhysicalAddress,
  type PhysicalMemory,
  readPartial,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';
import { eachOccurrence } from '@osi-linux/symbols';

/** The text that a kernel greets with, `linux_banner`, without its final newline. */
export interface Banner {
  readonly text: string;
  /** Where it stands: virtual where it was found through the kernel's page tables. */
  readonly address: GuestAddress;
}

const START = new TextEncoder().encode('Linux version ');
/** No banner is longer: release, builder, compiler and build date. */
export const LONGEST_BANNER = 512;

/**
 * A banner is `Linux version RELEASE (BUILDER) (COMPILER) #BUILD` and ends with a newline (init/version.c).
 * Formats such as `Linux version %s` and texts that only quote a part of it do not match.
 */
const SHAPE = /^Linux version [0-9][^ \n\0]* \([^\n\0]*\) [^\n\0]*#[0-9][^\n\0]*(?=\n)/;

/** Searches all of a dump's memory, byte by byte: hundreds of MB a second. */
export function scanForBanner(memory: PhysicalMemory): Banner | undefined {
  return bannerAmong(memory, places(memory, 1));
}

/** The first banner at one of some places in physical memory. */
export function bannerAmong(memory: PhysicalMemory, places: Iterable<PhysicalAddress>): Banner | undefined {
  for (const at of places) {
    const text = bannerIn(readPhysical(memory, at, LONGEST_BANNER));
    if (text !== undefined) return { text, address: { physical: at } };
  }
  return undefined;
}

function* places(memory: PhysicalMemory, alignment: 1 | 4): Generator<PhysicalAddress> {
  for (const { at } of eachOccurrence(memory, [{ bytes: START, alignment }])) yield at;
}

/** Searches the image of a kernel, which is one run of memory. */
export function scanImageForBanner(memory: PhysicalMemory, start: PhysicalAddress): Banner | undefined {
  const ranges = (memory.occupied ?? memory.ranges)
    .map((range) => ({ start: Math.max(range.start, start), end: Math.min(range.end, start + BANNER_REACH) }))
    .filter((range) => range.start < range.end);
  const { page, hole, scan } = memory;
  const image = { ranges, page: page.bind(memory), hole: hole.bind(memory), scan: scan.bind(memory) };
  // Arrays of this size are aligned by the compiler; where none is, every byte is looked at.
  return bannerAmong(image, places(image, 4)) ?? scanForBanner(image);
}

/** Bytes up to the first hole. */
function readPhysical(memory: PhysicalMemory, at: PhysicalAddress, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, memory.scan(at, bytes));
}

/** How far the banner, in `.rodata`, can lie from `init_task`, in `.data`, both in the kernel's image. */
const BANNER_REACH = 64 * 1024 * 1024;

/** Searches the kernel's image around an address in it, through the kernel's page tables. */
export function findBannerNear(memory: VirtualMemory, inImage: VirtualAddress): Banner | undefined {
  const middle = inImage & ~BigInt(LARGE_PAGE_SIZE - 1);
  for (let distance = 0; distance <= BANNER_REACH; distance += LARGE_PAGE_SIZE) {
    const places = distance === 0 ? [0] : [-distance, distance];
    for (const place of places) {
      const found = bannerInWindow(memory, offsetAddress(middle, place));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function bannerInWindow(memory: VirtualMemory, start: VirtualAddress): Banner | undefined {
  for (let offset = 0; offset < LARGE_PAGE_SIZE; offset += PAGE_SIZE) {
    const at = offsetAddress(start, offset);
    const page = memory.page(at);
    if (page === undefined) continue;
    const hit = indexOf(page.bytes, START, 0);
    if (hit < 0) continue;
    const text = bannerIn(readPartial(memory, offsetAddress(at, hit), LONGEST_BANNER).bytes);
    if (text !== undefined) return { text, address: { virtual: offsetAddress(at, hit) } };
  }
  return undefined;
}

/** The first banner in some bytes. */
export function bannerIn(bytes: Uint8Array): string | undefined {
  for (let hit = indexOf(bytes, START, 0); hit >= 0; hit = indexOf(bytes, START, hit + 1)) {
    const match = SHAPE.exec(decodeText(bytes.subarray(hit, hit + LONGEST_BANNER)));
    if (match !== null) return match[0];
  }
  return undefined;
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  const first = wanted[0] as number;
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}
