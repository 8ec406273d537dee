import {
  decodeText,
  offsetAddress,
  PAGE_SIZE,
  type PhysicalAddress,
  type PhysicalMemory,
  readPartial,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';

/** The text that a kernel greets with, `linux_banner`, without its final newline. */
export interface Banner {
  readonly text: string;
  /** Where it stands, for the report. */
  readonly place: string;
}

const START = new TextEncoder().encode('Linux version ');
const CHUNK = 1024 * 1024;
/** No banner is longer: release, builder, compiler and build date. */
const LONGEST = 512;

/**
 * A banner is `Linux version RELEASE (BUILDER) (COMPILER) #BUILD` and ends with a newline (init/version.c).
 * Formats such as `Linux version %s` and texts that only quote a part of it do not match.
 */
const SHAPE = /^Linux version [0-9][^ \n\0]* \([^\n\0]*\) [^\n\0]*#[0-9][^\n\0]*(?=\n)/;

/** Searches all of a dump's memory. It reads everything once: hundreds of MB a second. */
export function scanForBanner(memory: PhysicalMemory): Banner | undefined {
  const chunk = new Uint8Array(CHUNK + LONGEST);
  for (const { start, end } of memory.ranges) {
    for (let at = start; at < end; at += CHUNK) {
      const wanted = chunk.subarray(0, Math.min(chunk.length, end - at));
      const found = bannerInChunk(memory, at, wanted);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function bannerInChunk(memory: PhysicalMemory, at: PhysicalAddress, into: Uint8Array): Banner | undefined {
  for (let done = 0; done < into.length; ) {
    const count = memory.scan(at + done, into.subarray(done));
    const text = bannerIn(into.subarray(done, done + count));
    if (text !== undefined)
      return { text, place: `physical memory at 0x${(at + done).toString(16)} or above` };
    done += count === 0 ? PAGE_SIZE : count;
  }
  return undefined;
}

/** How far the banner, in `.rodata`, can lie from `init_task`, in `.data`, both in the kernel's image. */
const IMAGE_REACH = 64 * 1024 * 1024;
const LARGE_PAGE = 2 * 1024 * 1024;

/** Searches the kernel's image around an address in it, through the kernel's page tables. */
export function findBannerNear(memory: VirtualMemory, inImage: VirtualAddress): Banner | undefined {
  const middle = inImage & ~BigInt(LARGE_PAGE - 1);
  for (let distance = 0; distance <= IMAGE_REACH; distance += LARGE_PAGE) {
    const places = distance === 0 ? [0] : [-distance, distance];
    for (const place of places) {
      const found = bannerInWindow(memory, offsetAddress(middle, place));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function bannerInWindow(memory: VirtualMemory, start: VirtualAddress): Banner | undefined {
  for (let offset = 0; offset < LARGE_PAGE; offset += PAGE_SIZE) {
    const at = offsetAddress(start, offset);
    const page = memory.page(at);
    if (page === undefined) continue;
    const hit = indexOf(page.bytes, START, 0);
    if (hit < 0) continue;
    const text = bannerIn(readPartial(memory, offsetAddress(at, hit), LONGEST).bytes);
    if (text !== undefined)
      return { text, place: `virtual address 0x${offsetAddress(at, hit).toString(16)}` };
  }
  return undefined;
}

function bannerIn(bytes: Uint8Array): string | undefined {
  for (let hit = indexOf(bytes, START, 0); hit >= 0; hit = indexOf(bytes, START, hit + 1)) {
    const match = SHAPE.exec(decodeText(bytes.subarray(hit, hit + LONGEST)));
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
