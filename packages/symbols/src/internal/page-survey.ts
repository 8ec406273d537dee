import { PAGE_SIZE, type PhysicalAddress, type PhysicalMemory } from '@osi-linux/core';
import { pageOffsets } from './direct-map';

/** What one pass over all pages of memory has found that may lead to a kernel. Nothing of it is looked into yet. */
export interface PageSurvey {
  /** Pages that have the name of a VMCOREINFO note where one that begins a page has it. */
  readonly notes: PhysicalAddress[];
  /** 64-bit tables whose last entry leads to another. */
  readonly links: TableLink[];
  /** Those of them whose last but one entry does too. */
  readonly pairs: Set<PhysicalAddress>;
  /** Top tables of 32 bits in which only the kernel's part has entries. */
  readonly narrow: PhysicalAddress[];
}

/** A table whose last entry leads to another. */
export interface TableLink {
  readonly table: PhysicalAddress;
  readonly next: PhysicalAddress;
}

/** Small enough to stay in the processor's cache. */
const CHUNK = 64 * 1024;
const WORDS = PAGE_SIZE / 4;
/** `VMCO`, the first word of a note's name, which stands behind the three words of its header. */
const NOTE_WORD = 0x4f434d56;
const NOTE_PLACE = 3;
const MOST_NOTES = 4096;
/** Page tables are many; those whose last entry leads on are a few for each process. */
const MOST_LINKS = 1 << 20;
const MOST_NARROW = 4096;
/** Where each CONFIG_VMSPLIT_* has the first entry of the kernel's part, in a table of two levels. */
const FIRST_ENTRIES = pageOffsets.map((offset) => Number(offset >> 22n));

/** Looks at a few words of each page, in one pass. Memory is read past any cache. */
export function surveyPages(memory: PhysicalMemory): PageSurvey {
  const survey: PageSurvey = { notes: [], links: [], pairs: new Set(), narrow: [] };
  const chunk = new Uint8Array(CHUNK);
  const words = new Uint32Array(chunk.buffer);
  for (const { start, end } of memory.ranges) {
    for (let at = start; at < end; ) {
      const count = memory.scan(at, chunk.subarray(0, Math.min(CHUNK, end - at)));
      const pages = Math.floor(count / PAGE_SIZE);
      for (let page = 0; page < pages; page += 1)
        surveyPage(survey, words, page * WORDS, at + page * PAGE_SIZE);
      at += pages === 0 ? PAGE_SIZE : pages * PAGE_SIZE;
    }
  }
  return survey;
}

function surveyPage(survey: PageSurvey, words: Uint32Array, first: number, page: PhysicalAddress): void {
  const { notes, links, pairs, narrow } = survey;
  if (words[first + NOTE_PLACE] === NOTE_WORD && notes.length < MOST_NOTES) notes.push(page);
  const last = first + WORDS - 2;
  const next = tableBehind(words[last] as number, words[last + 1] as number);
  if (next >= 0 && links.length < MOST_LINKS) {
    links.push({ table: page, next });
    if (tableBehind(words[last - 2] as number, words[last - 1] as number) >= 0) pairs.add(page);
  }
  if (words[first] === 0 && words[first + 1] === 0 && narrow.length < MOST_NARROW) {
    if (isNarrowRoot(words, first)) narrow.push(page);
  }
}

/**
 * The table that an entry of a kernel's upper table leads to, or -1: present, writable, no large page, and no bits above
 * the address (_KERNPG_TABLE and _PAGE_TABLE, Linux arch/x86/include/asm/pgtable_types.h).
 */
export function tableBehind(low: number, high: number): PhysicalAddress {
  return (low & 0x83) === 0x03 && high < 0x100000 ? high * 2 ** 32 + (low & 0x7ffff000) + signBit(low) : -1;
}

function signBit(low: number): number {
  return low < 0 || low >= 2 ** 31 ? 2 ** 31 : 0;
}

/**
 * Whether a page whose first entry is empty looks like `swapper_pg_dir` of 32 bits: of PAE the last of four entries leads
 * to a table, and the page has nothing else; of two levels the kernel's part begins behind nothing, and its end, the fixed
 * mappings, leads to a table (Linux arch/x86/kernel/head_32.S).
 */
function isNarrowRoot(words: Uint32Array, first: number): boolean {
  const end = words[first + WORDS - 1] as number;
  if (end === 0) {
    const [low, high] = [words[first + 6] as number, words[first + 7] as number];
    return (low & 0x1c7) === 1 && high < 0x100000 && words[first + 8] === 0;
  }
  if ((end & 0x81) !== 1) return false;
  return FIRST_ENTRIES.some(
    (entry) => ((words[first + entry] as number) & 1) === 1 && words[first + entry - 1] === 0,
  );
}
