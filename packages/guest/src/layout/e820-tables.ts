import { PAGE_SIZE, type PhysicalAddress, type PhysicalMemory, type PhysicalRange } from '@osi-linux/core';
import { eachOccurrence, memoryBetween } from '@osi-linux/symbols';

/** A map of RAM that the firmware gave to the kernel: the `e820_table` of `struct boot_params`, or a copy of it. */
export interface E820Table {
  /** Where its first entry lies, in the addresses of the memory that was searched. */
  readonly at: PhysicalAddress;
  /** The usable ranges, ascending. */
  readonly usable: readonly PhysicalRange[];
}

/** struct boot_e820_entry { __u64 addr; __u64 size; __u32 type; } __packed (Linux asm/e820/types.h, uapi asm/bootparam.h). */
const ENTRY_SIZE = 20;
const USABLE = 1;
const MOST_ENTRIES = 128;
const MIB = 0x100000;
/** The address of RAM at 1 MiB, which every such table has an entry for. */
const AT_ONE_MIB = Uint8Array.of(0, 0, 0x10, 0, 0, 0, 0, 0);
/** Other data may look like a table; the real ones are few: that of the loader, and the copies in the kernel. */
const MOST_TABLES = 8;
const MOST_TRIES = 4096;
const PHYSICAL_END = 2 ** 52;

/** The different tables in a range of memory, in the order of their places; by default in all of memory. */
export function findE820Tables(memory: PhysicalMemory, within?: PhysicalRange): E820Table[] {
  const searched = within === undefined ? memory : memoryBetween(memory, within.start, within.end);
  const tables = new Map<string, E820Table>();
  let tries = 0;
  for (const { at } of eachOccurrence(searched, [{ bytes: AT_ONE_MIB, alignment: 4 }])) {
    const table = tableAround(memory, at);
    if (table !== undefined) {
      const key = table.usable.map(({ start, end }) => `${start}-${end}`).join();
      if (!tables.has(key)) tables.set(key, table);
    }
    tries += 1;
    if (tables.size >= MOST_TABLES || tries >= MOST_TRIES * MOST_TABLES) break;
  }
  return [...tables.values()];
}

interface Entry extends PhysicalRange {
  readonly type: number;
}

/** The table that has its entry of 1 MiB at an address. */
function tableAround(memory: PhysicalMemory, middle: PhysicalAddress): E820Table | undefined {
  const bytes = new Uint8Array(2 * MOST_ENTRIES * ENTRY_SIZE);
  const start = Math.max(0, middle - MOST_ENTRIES * ENTRY_SIZE);
  const view = new DataView(bytes.buffer, 0, memory.scan(start, bytes));
  const entries: Entry[] = [];
  for (let at = middle - start; at >= 0; at -= ENTRY_SIZE) {
    const entry = entryAt(view, at);
    const above = entries[0];
    if (entry === undefined || (above !== undefined && entry.end > above.start)) break;
    entries.unshift(entry);
  }
  const [first] = entries;
  if (first === undefined || first.start > PAGE_SIZE || entries.length < 2) return undefined;
  const at = middle - (entries.length - 1) * ENTRY_SIZE;
  for (let next = middle - start + ENTRY_SIZE; entries.length < MOST_ENTRIES; next += ENTRY_SIZE) {
    const entry = entryAt(view, next);
    if (entry === undefined || entry.start < (entries.at(-1)?.end ?? 0)) break;
    entries.push(entry);
  }
  const usable = entries
    .filter(({ type }) => type === USABLE)
    .map((entry) => ({ start: entry.start, end: entry.end }));
  return usable.some((range) => range.start === MIB) ? { at, usable } : undefined;
}

function entryAt(view: DataView, at: number): Entry | undefined {
  if (at + ENTRY_SIZE > view.byteLength) return undefined;
  const word = (offset: number) =>
    view.getUint32(at + offset, true) + view.getUint32(at + offset + 4, true) * 2 ** 32;
  const [start, size, type] = [word(0), word(8), view.getUint32(at + 16, true)];
  return size > 0 && type > 0 && start + size <= PHYSICAL_END
    ? { start, end: start + size, type }
    : undefined;
}
