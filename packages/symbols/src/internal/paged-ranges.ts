import {
  type Architecture,
  LARGE_PAGE_SIZE,
  type OsiError,
  offsetAddress,
  PAGE_SIZE,
  type PhysicalMemory,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';
import { type RangeHole, type RangeSource, rangeOf, type VirtualRange } from './virtual-range';

/**
 * From so many bytes on, a walk that returns the page size costs less than one translation for each 4 KiB.
 */
const WORTH_A_WALK = 32 * 1024;

/** A guest's virtual memory, copied past the page cache; pages that follow each other in RAM are one read. */
export class PagedRanges implements RangeSource {
  private readonly memory: PhysicalMemory;
  private readonly tables: VirtualMemory;

  constructor(memory: PhysicalMemory, tables: VirtualMemory) {
    this.memory = memory;
    this.tables = tables;
  }

  get architecture(): Architecture {
    return this.tables.architecture;
  }

  isMapped(address: VirtualAddress): boolean {
    return this.tables.translate(address) !== undefined;
  }

  readInto(address: VirtualAddress, bytes: Uint8Array): VirtualRange {
    const { length } = bytes;
    const holes: RangeHole[] = [];
    for (let done = 0; done < length; ) {
      const { physical, size } = runAt(this.tables, offsetAddress(address, done), length - done);
      const want = bytes.subarray(done, Math.min(length, done + size));
      const count = physical === undefined ? 0 : this.memory.scan(physical, want);
      done += count;
      if (count < want.length) {
        const at = offsetAddress(address, done);
        const missing = Math.min(length - done, PAGE_SIZE - Number(at & BigInt(PAGE_SIZE - 1)));
        bytes.fill(0, done, done + missing);
        addHole(holes, done, done + missing, () => this.tables.fault(at));
        done += missing;
      }
    }
    return rangeOf(address, bytes, holes);
  }

  kindOf(address: VirtualAddress, length: number): 'code' | 'data' | undefined {
    const first = this.tables.mapping?.(address);
    const last = this.tables.mapping?.(offsetAddress(address, length - 1));
    if (first === undefined && last === undefined) return undefined;
    return [first, last].some((page) => page?.executable === false) ? 'data' : 'code';
  }
}

/** Memory from an address on that is contiguous in the guest's physical memory too. */
function runAt(
  tables: VirtualMemory,
  address: VirtualAddress,
  length: number,
): { physical: number | undefined; size: number } {
  const physical = tables.translate(address);
  if (physical === undefined) return { physical, size: 1 };
  const inLarge = Number(address & BigInt(LARGE_PAGE_SIZE - 1));
  if (length > WORTH_A_WALK) {
    const page = tables.mapping?.(address);
    if (page !== undefined && page.size >= LARGE_PAGE_SIZE)
      return { physical, size: LARGE_PAGE_SIZE - inLarge };
  }
  let size = Math.min(length, PAGE_SIZE - (physical % PAGE_SIZE));
  // Up to the next large page, where the way is shorter.
  const end = Math.min(length, LARGE_PAGE_SIZE - inLarge);
  while (size < end && tables.translate(offsetAddress(address, size)) === physical + size) {
    size = Math.min(end, size + PAGE_SIZE);
  }
  return { physical, size };
}

function addHole(holes: RangeHole[], start: number, end: number, reason: () => OsiError): void {
  const last = holes[holes.length - 1];
  if (last !== undefined && last.end === start) holes[holes.length - 1] = { ...last, end };
  else holes.push({ start, end, reason: reason() });
}
