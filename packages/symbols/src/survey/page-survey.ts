import { PAGE_SIZE, type PhysicalAddress, type PhysicalMemory, type PhysicalRange } from '@osi-linux/core';
import { isI386Root, tableBehind } from './x86/table-signature';

/** The results of one pass over all pages of memory that may lead to a kernel, not yet looked into. */
export interface PageSurvey {
  /** Pages that have the name of a VMCOREINFO note where one that begins a page has it. */
  readonly notes: PhysicalAddress[];
  /** 64-bit tables whose last entry leads to another. */
  readonly links: TableLink[];
  /** Those of them whose last but one entry does too. */
  readonly pairs: Set<PhysicalAddress>;
  /** Top tables of 32 bits with entries only in the kernel's part. */
  readonly i386Roots: PhysicalAddress[];
  /** The stretches that were not read, since they look empty. */
  readonly skipped: PhysicalRange[];
}

/** A table whose last entry leads to another. */
export interface TableLink {
  readonly table: PhysicalAddress;
  readonly next: PhysicalAddress;
}

/** Small enough to stay in the processor's cache. */
const CHUNK = 64 * 1024;
/** So many zeros in a row are read before any are passed over, and before what follows on them. */
const QUIET = 1024 * 1024;
/** How much before a place that is not zero is read: more than there is from one such place to the next. */
const BEFORE = 4 * QUIET;
/**
 * Systems read ahead in windows of up to 8 MiB, and again when the first part of one is touched: that is not looked at, or
 * all of a file would be read.
 */
const WINDOW = 8 * QUIET;
const UNTOUCHED = 2 * QUIET;
const WORDS = PAGE_SIZE / 4;
/** `VMCO`, the first word of a note's name, which stands behind the three words of its header. */
const NOTE_WORD = 0x4f434d56;
const NOTE_PLACE = 3;
const MOST_NOTES = 4096;
/** Page tables are many; those whose last entry leads on are a few for each process. */
const MOST_LINKS = 1 << 20;
const MOST_I386_ROOTS = 4096;

/** Looks at a few words of each page, in one pass. Memory is read past any cache. */
export function surveyPages(memory: PhysicalMemory, survey: PageSurvey = emptySurvey()): PageSurvey {
  const chunk = new Uint8Array(CHUNK);
  for (const { start, end } of memory.occupied ?? memory.ranges) {
    for (let at = start; at < end; ) at += surveyChunk(memory, survey, at, end, chunk).bytes;
  }
  return survey;
}

/**
 * The same but for stretches that look empty: behind a MiB of zeros, memory that is zero at every sample, one
 * in 3 MiB or more often, up to 4 MiB before memory that is not. They are listed in `skipped`. An image has
 * more code than that, which is nowhere zero.
 *
 * To read the holes of a sparse file costs as much as to read the rest, and several times more at the first
 * time.
 */
export function surveyBusyPages(memory: PhysicalMemory): PageSurvey {
  const survey = emptySurvey();
  const chunk = new Uint8Array(CHUNK);
  for (const { start, end } of memory.occupied ?? memory.ranges) {
    let quiet = 0;
    for (let at = start; at < end; ) {
      if (quiet >= QUIET) {
        const busy = nextBusy(memory, at, end, chunk);
        const from = Math.max(at, busy - BEFORE);
        if (from > at) survey.skipped.push({ start: at, end: from });
        at = from;
        // A sampled stretch is read to its end before anything is passed over again.
        quiet = from - busy;
      }
      const { bytes, isZero } = surveyChunk(memory, survey, at, end, chunk);
      quiet = isZero ? quiet + bytes : 0;
      at += bytes;
    }
  }
  return survey;
}

function emptySurvey(): PageSurvey {
  return { notes: [], links: [], pairs: new Set(), i386Roots: [], skipped: [] };
}

/** The next place, of those that are looked at, that has no page of zeros, or none at all; else the end. */
function nextBusy(
  memory: PhysicalMemory,
  start: PhysicalAddress,
  end: PhysicalAddress,
  chunk: Uint8Array,
): PhysicalAddress {
  const page = chunk.subarray(0, PAGE_SIZE);
  for (let at = start; at < end; at += QUIET) {
    if (at % WINDOW < UNTOUCHED) continue;
    if (memory.scan(at, page) < PAGE_SIZE || !isZero(page)) return at;
  }
  return end;
}

function surveyChunk(
  memory: PhysicalMemory,
  survey: PageSurvey,
  at: PhysicalAddress,
  end: PhysicalAddress,
  chunk: Uint8Array,
): { readonly bytes: number; readonly isZero: boolean } {
  const words = new Uint32Array(chunk.buffer);
  const part = chunk.subarray(0, Math.min(CHUNK, end - at));
  const pages = Math.floor(memory.scan(at, part) / PAGE_SIZE);
  for (let page = 0; page < pages; page += 1) surveyPage(survey, words, page * WORDS, at + page * PAGE_SIZE);
  if (pages === 0) return { bytes: PAGE_SIZE, isZero: false };
  const read = part.subarray(0, pages * PAGE_SIZE);
  return { bytes: read.length, isZero: read.length === part.length && isZero(read) };
}

/** Whether bytes that begin their buffer are all zero; most that are not show it at once. */
function isZero(bytes: Uint8Array): boolean {
  const words = new Uint32Array(bytes.buffer, 0, bytes.length / 4);
  for (let place = 0; place < words.length; place += 1) if (words[place] !== 0) return false;
  return true;
}

function surveyPage(survey: PageSurvey, words: Uint32Array, first: number, page: PhysicalAddress): void {
  const { notes, links, pairs, i386Roots } = survey;
  if (words[first + NOTE_PLACE] === NOTE_WORD && notes.length < MOST_NOTES) notes.push(page);
  const last = first + WORDS - 2;
  const next = tableBehind(words[last] as number, words[last + 1] as number);
  if (next >= 0 && links.length < MOST_LINKS) {
    links.push({ table: page, next });
    if (tableBehind(words[last - 2] as number, words[last - 1] as number) >= 0) pairs.add(page);
  }
  if (words[first] === 0 && words[first + 1] === 0 && i386Roots.length < MOST_I386_ROOTS) {
    if (isI386Root(words, first)) i386Roots.push(page);
  }
}
