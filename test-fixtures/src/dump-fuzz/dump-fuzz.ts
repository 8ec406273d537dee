import { OsiError } from '@osi-linux/core';
import { Random } from '../damage/random';
import { processorTime } from '../expect/processor-time';
import { CountingSource, type FuzzSource, type ReadBudget } from './counting-source';
import { exerciseDump, type FuzzedDump } from './fuzzed-dump';
import { type Mutation, mutate } from './mutation';

/** A sound dump to be damaged. */
export interface FuzzSubject {
  /** Name for messages: of the format, and of its kind where it has several. */
  readonly format: string;
  /** Makes the dump; a small one, for it is copied for each input. */
  write(): Uint8Array;
  /** The name of the file; some formats go by the name. */
  readonly name?: string;
  /** Files of the same folder, which stay sound. */
  readonly beside?: Readonly<Record<string, Uint8Array>>;
  /** Offsets at which structures begin and end; they are cut there, and damaged there more often. */
  readonly boundaries?: readonly number[];
}

/** The fate of the inputs. */
export interface FuzzTally {
  inputs: number;
  /** How many could be opened. */
  opened: number;
  /** How many were refused, by the code of the error. */
  readonly refused: Map<string, number>;
  /** The most reads that one input took. */
  mostReads: number;
}

/** Opens a dump, as `openDump` does. */
export type OpenForFuzz = (source: FuzzSource) => FuzzedDump;

// A sound dump of a few pages needs less than a hundred reads.
const BUDGET: ReadBudget = { reads: 200_000, bytes: 256 * 1024 * 1024 };
const MOST_MILLISECONDS = 10_000;
const HEADERS = 2048;
const STRIDE = 64;

/**
 * Damages a dump at random, `runs` times from a seed, and asks each for its contents.
 *
 * @throws Error with the steps that lead there, where an input gives anything but a dump or an OsiError, reads without
 * end, or takes seconds of processor time.
 */
export function fuzzDump(subject: FuzzSubject, open: OpenForFuzz, runs: number, seed: number): FuzzTally {
  const sound = subject.write();
  const tally = newTally();
  tryInput(subject, open, { bytes: sound, steps: ['sound'] }, new Random(seed), tally);
  if (tally.opened !== 1) throw new Error(`${subject.format}: the sound dump is refused: ${codesOf(tally)}`);
  for (let run = 0; run < runs; run += 1) {
    const random = new Random(seed + Math.imul(run, 0x9e3779b1));
    tryInput(subject, open, mutate(sound, random, subject.boundaries ?? []), random, tally);
  }
  return tally;
}

/**
 * Cuts a dump at each boundary of its structures and a byte beside them, at each of the first 2048 bytes and of the
 * last 64, and at every 64th between.
 *
 * @throws Error as {@link fuzzDump} does.
 */
export function truncateDump(subject: FuzzSubject, open: OpenForFuzz): FuzzTally {
  const sound = subject.write();
  const tally = newTally();
  for (const at of cutsOf(sound.length, subject.boundaries)) {
    const input = { bytes: sound.slice(0, at), steps: [`cut at ${at}`] };
    tryInput(subject, open, input, new Random(at), tally);
  }
  return tally;
}

function cutsOf(length: number, boundaries: readonly number[] | undefined): Set<number> {
  const near = (boundaries ?? []).flatMap((at) => [at - 1, at, at + 1]);
  const head = Array.from({ length: HEADERS }, (_, at) => at);
  const body = Array.from({ length: Math.ceil(length / STRIDE) }, (_, step) => step * STRIDE);
  const tail = Array.from({ length: 64 }, (_, back) => length - 1 - back);
  return new Set([...near, ...head, ...body, ...tail].filter((at) => at >= 0 && at < length));
}

function newTally(): FuzzTally {
  return { inputs: 0, opened: 0, refused: new Map(), mostReads: 0 };
}

function codesOf({ refused }: FuzzTally): string {
  return [...refused.keys()].join(', ');
}

function tryInput(
  { format, name = 'fuzzed.dump', beside }: FuzzSubject,
  open: OpenForFuzz,
  { bytes, steps }: Mutation,
  random: Random,
  tally: FuzzTally,
): void {
  const source = new CountingSource(name, bytes, BUDGET, beside);
  const took = processorTime(() => {
    try {
      exerciseDump(open(source), random);
      tally.opened += 1;
    } catch (cause) {
      if (!OsiError.is(cause)) throw new Error(`${format}: ${steps.join('; ')}: ${String(cause)}`, { cause });
      tally.refused.set(cause.code, (tally.refused.get(cause.code) ?? 0) + 1);
    }
  });
  if (took > MOST_MILLISECONDS)
    throw new Error(`${format}: ${steps.join('; ')}: took ${Math.round(took)} ms of processor time`);
  tally.inputs += 1;
  tally.mostReads = Math.max(tally.mostReads, source.reads);
}
