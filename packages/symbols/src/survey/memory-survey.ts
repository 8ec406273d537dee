import type { PhysicalAddress, PhysicalMemory, PhysicalRange } from '@osi-linux/core';
import {
  type FoundVmcoreinfo,
  readVmcoreinfoNote,
  VMCOREINFO_NAME,
  VMCOREINFO_NAME_OFFSET,
} from '../locate/vmcoreinfo';
import { memoryBetween } from './memory-between';
import { type PageSurvey, surveyBusyPages, surveyPages } from './page-survey';
import { eachOccurrence } from './ram-scan';

/** Texts that were found at steps of 4 bytes. */
export interface SurveyedTexts {
  /** VMCOREINFO notes, the one with the longest text first. */
  readonly notes: readonly FoundVmcoreinfo[];
  /** Physical addresses of `Linux version `, with which a kernel's banner begins. */
  readonly banners: readonly PhysicalAddress[];
}

/** Notes that are kept, and places that are looked at for them. A running system has a few. */
const MOST_NOTES = 64;
const MOST_PLACES = 4096;
const BANNER = new TextEncoder().encode('Linux version ');

/**
 * Everything in a guest's physical memory that may lead to its kernel, shared by all callers: memory is read
 * once, when something of it is asked for first, but for stretches that look empty. Those are read when
 * {@link complete} is called; and all of memory once more only where {@link texts} is asked for.
 *
 * Holds for one stop of the guest.
 *
 * @example
 * ```ts
 * declare const dump: Dump;
 * const survey = new MemorySurvey(dump.memory);
 * survey.notes // => []
 * locateKernel({ memory: dump.memory, survey })?.location.form.name // => '4-level'
 * ```
 */
export class MemorySurvey {
  /** The memory that is looked at. */
  readonly memory: PhysicalMemory;
  private keptPages: PageSurvey | undefined;
  private keptNotes: readonly FoundVmcoreinfo[] | undefined;
  private keptTexts: SurveyedTexts | undefined;

  constructor(memory: PhysicalMemory) {
    this.memory = memory;
  }

  /** The survey of its pages, for the searches for page tables. */
  get pages(): PageSurvey {
    this.keptPages ??= surveyBusyPages(this.memory);
    return this.keptPages;
  }

  /**
   * Stretches that were not read: behind a MiB of zeros, memory that was zero at every sample, one in 3 MiB
   * or more often.
   */
  get skipped(): readonly PhysicalRange[] {
    return this.pages.skipped;
  }

  /** Reads the stretches that were not read; returns whether there were any. */
  complete(): boolean {
    const { pages } = this;
    const left = pages.skipped.splice(0);
    for (const { start, end } of left) surveyPages(memoryBetween(this.memory, start, end), pages);
    if (left.length > 0) this.keptNotes = undefined;
    return left.length > 0;
  }

  /** The VMCOREINFO notes that begin pages, as they do since Linux v4.13; the one with the longest text first. */
  get notes(): readonly FoundVmcoreinfo[] {
    this.keptNotes ??= this.readNotes(this.pages.notes);
    return this.keptNotes;
  }

  /** Notes and banners wherever they are, found in a slower pass of their own. */
  get texts(): SurveyedTexts {
    this.keptTexts ??= this.findTexts();
    return this.keptTexts;
  }

  private findTexts(): SurveyedTexts {
    const places: PhysicalAddress[][] = [[], []];
    const needles = [VMCOREINFO_NAME, BANNER].map((bytes) => ({ bytes, alignment: 4 }) as const);
    for (const { needle, at } of eachOccurrence(this.memory, needles)) {
      const found = places[needle];
      if (found !== undefined && found.length < MOST_PLACES) found.push(at);
    }
    const [names = [], banners = []] = places;
    return { notes: this.readNotes(names.map((at) => at - VMCOREINFO_NAME_OFFSET)), banners };
  }

  private readNotes(places: readonly PhysicalAddress[]): readonly FoundVmcoreinfo[] {
    const notes: FoundVmcoreinfo[] = [];
    for (const at of places) {
      const note = readVmcoreinfoNote(this.memory, at);
      if (note !== undefined) notes.push(note);
      if (notes.length === MOST_NOTES) break;
    }
    return notes.sort((one, other) => other.text.length - one.text.length);
  }
}

/**
 * Every VMCOREINFO note in guest-physical memory, the one with the longest text first.
 *
 * A running system has several: a copy for the crash kernel, those of kernels that ran before. Where no note begins a
 * page, as it does since Linux v4.13, all of memory is searched again at steps of 4 bytes.
 *
 * @example
 * ```ts
 * declare const dump: Dump;
 * [...findVmcoreinfos(dump.memory)].map(({ at }) => at % 4) // => []
 * ```
 */
export function findVmcoreinfos(memory: PhysicalMemory): readonly FoundVmcoreinfo[] {
  const survey = new MemorySurvey(memory);
  if (survey.notes.length === 0) survey.complete();
  return survey.notes.length > 0 ? survey.notes : survey.texts.notes;
}

/**
 * The VMCOREINFO note with the longest text in guest-physical memory, or `undefined` if there is no note.
 *
 * @example
 * ```ts
 * declare const dump: Dump;
 * findVmcoreinfo(dump.memory) // => undefined
 * ```
 */
export function findVmcoreinfo(memory: PhysicalMemory): FoundVmcoreinfo | undefined {
  return findVmcoreinfos(memory)[0];
}
