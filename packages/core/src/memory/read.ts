import { offsetAddress, PAGE_SIZE, type VirtualAddress } from '../address/index';
import type { OsiError } from '../errors/index';
import type { VirtualMemory } from './virtual-memory';

const PAGE_MASK = BigInt(PAGE_SIZE - 1);

/** A run of bytes inside a read that the memory does not have. */
export interface ReadHole {
  /** First missing byte, virtual. */
  readonly at: VirtualAddress;
  /** How many bytes are missing. */
  readonly length: number;
  /** Why they are missing. */
  readonly reason: OsiError;
}

/** Bytes that were read, zero where a hole is named. */
export interface ReadResult {
  /** As many bytes as were asked for. */
  readonly bytes: Uint8Array;
  /** The bytes that are missing, ascending; empty when all were read. */
  readonly holes: readonly ReadHole[];
}

/**
 * Reads virtual memory across pages, and lists the missing bytes instead of failing.
 *
 * `length` is in bytes; the caller bounds it. Addresses wrap at 2^64.
 *
 * @example
 * ```ts
 * const page = { bytes: new Uint8Array(4096).fill(7), view: new DataView(new ArrayBuffer(4096)) };
 * const memory = {
 *   page: (address) => (address < 4096n ? page : undefined),
 *   fault: () => new OsiError('PAGE_NOT_PRESENT', 'page not present'),
 * };
 * const { bytes, holes } = readPartial(memory, 4094n, 4);
 * [...bytes] // => [7, 7, 0, 0]
 * holes.map(({ at, length, reason }) => [at, length, reason.code]) // => [[4096n, 2, 'PAGE_NOT_PRESENT']]
 * ```
 */
export function readPartial(memory: VirtualMemory, address: VirtualAddress, length: number): ReadResult {
  const bytes = new Uint8Array(length);
  const holes: ReadHole[] = [];
  for (let done = 0; done < length; ) {
    const at = offsetAddress(address, done);
    const inPage = Number(at & PAGE_MASK);
    const step = Math.min(length - done, PAGE_SIZE - inPage);
    const page = memory.page(at);
    if (page === undefined) readParts(memory, at, bytes.subarray(done, done + step), holes);
    else bytes.set(page.bytes.subarray(inPage, inPage + step), done);
    done += step;
  }
  return { bytes, holes };
}

/** Fills in the bytes of a page that is missing as a whole, as far as a part of it is there. */
function readParts(memory: VirtualMemory, at: VirtualAddress, into: Uint8Array, holes: ReadHole[]): void {
  const inPage = Number(at & PAGE_MASK);
  let done = 0;
  const skipTo = (end: number): void => {
    if (end > done)
      addHole(holes, { at: offsetAddress(at, done), length: end - done, reason: memory.fault(at) });
    done = Math.max(done, end);
  };
  for (const { start, bytes } of memory.parts?.(at) ?? []) {
    const from = Math.max(start, inPage);
    const to = Math.min(start + bytes.length, inPage + into.length);
    if (from >= to) continue;
    skipTo(from - inPage);
    into.set(bytes.subarray(from - start, to - start), from - inPage);
    done = to - inPage;
  }
  skipTo(into.length);
}

function addHole(holes: ReadHole[], hole: ReadHole): void {
  const last = holes[holes.length - 1];
  const adjacent = last !== undefined && offsetAddress(last.at, last.length) === hole.at;
  if (adjacent && last.reason.code === hole.reason.code) {
    holes[holes.length - 1] = { ...last, length: last.length + hole.length };
  } else {
    holes.push(hole);
  }
}

/**
 * Reads virtual memory across pages.
 *
 * @throws OsiError the fault of the first byte that is missing.
 *
 * @example
 * ```ts
 * const memory = {
 *   page: () => undefined,
 *   fault: () => new OsiError('PAGE_NOT_PRESENT', 'page not present'),
 * };
 * readBytes(memory, 4094n, 4) // throws PAGE_NOT_PRESENT
 * ```
 */
export function readBytes(memory: VirtualMemory, address: VirtualAddress, length: number): Uint8Array {
  const inPage = Number(address & PAGE_MASK);
  const page = inPage + length <= PAGE_SIZE ? memory.page(address) : undefined;
  if (page !== undefined) return page.bytes.slice(inPage, inPage + length);
  const { bytes, holes } = readPartial(memory, address, length);
  if (holes[0] !== undefined) throw holes[0].reason;
  return bytes;
}
