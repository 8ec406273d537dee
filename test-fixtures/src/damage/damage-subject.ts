import { attempt, OsiError, type Skipped } from '@osi-linux/core';
import { type Guest, openGuest, RecordingMemory } from '@osi-linux/guest';
import { type DamageCounts, SoundRows } from './comparison';
import { CountedMemory, StepCount } from './counted-memory';
import { DAMAGED_LISTINGS, type DamagedListing, valueText } from './listings';
import { TouchedMemory } from './touched-memory';

type Dump = Guest['dump'];
type Kernel = Guest['profile']['kernel'];
type Linux = Guest['linux'];
type KeyFile = NonNullable<NonNullable<Parameters<typeof openGuest>[1]>['keyFile']>;

/** So many times the pages of the sound guest may be asked for, and so many more, before a listing counts as endless. */
const STEP_FACTOR = 20;
const STEP_SLACK = 50_000;

/** A guest to damage. */
export interface DamageSubjectOptions {
  readonly dump: Dump;
  readonly keyFile: KeyFile;
  /** Makes the listings of a kernel; this package is below the one that has them. */
  readonly createLinux: (kernel: Kernel, cpus: Dump['cpus']) => Linux;
}

/** The answers of a damaged guest. */
export interface DamagedAnswers {
  /** By the name of the listing. */
  readonly counts: ReadonlyMap<string, DamageCounts>;
  /** The forbidden results: an exception, a walk without end, a row that the sound guest does not have. */
  readonly faults: readonly string[];
  /** Rows whose fields have other values. */
  readonly changes: readonly Change[];
  /** The things that the listings reported as missing, and that are not missing from the sound guest. */
  readonly skipped: readonly Skipped[];
  /** The largest number of steps as a multiple of those in the sound guest. */
  readonly effort: number;
}

/** A sound guest with what its listings answer, to be compared with what they answer once it is damaged. */
export class DamageSubject {
  readonly kernel: Kernel;
  readonly linux: Linux;
  readonly touched: TouchedMemory;
  readonly dump: Dump;
  private readonly options: DamageSubjectOptions;
  private readonly sound = new Map<string, { readonly rows: SoundRows; readonly steps: number }>();

  constructor(options: DamageSubjectOptions) {
    const { dump, keyFile, createLinux } = options;
    const recording = new RecordingMemory(dump.memory);
    const guest = openGuest({ ...dump, memory: recording }, { keyFile });
    const { kernel, count, pages } = countSteps(guest.profile.kernel, Number.POSITIVE_INFINITY);
    this.dump = dump;
    this.kernel = guest.profile.kernel;
    this.linux = createLinux(this.kernel, dump.cpus);
    this.options = options;
    const linux = createLinux(kernel, dump.cpus);
    for (const listing of DAMAGED_LISTINGS) {
      const before = count.steps;
      const rows = new SoundRows(listing, listing.read(linux));
      this.sound.set(listing.name, { rows, steps: count.steps - before });
    }
    this.touched = new TouchedMemory(this.kernel, recording.frames, pages);
  }

  /** Reads all listings of a damaged dump of the guest; the error of `openGuest` where that refuses it. */
  read(dump: Dump): DamagedAnswers | OsiError {
    return this.readAs(dump, this.options.createLinux);
  }

  /** As {@link read}, by other listings than those of the guest. */
  readAs(dump: Dump, createLinux: DamageSubjectOptions['createLinux']): DamagedAnswers | OsiError {
    const kernel = attempt(
      () => openGuest(dump, { keyFile: this.options.keyFile }).profile.kernel,
      (error) => error,
    );
    if (OsiError.is(kernel)) return kernel;
    const answers = { counts: new Map(), faults: [], changes: [], skipped: [], effort: 0 };
    for (const listing of DAMAGED_LISTINGS) this.readListing(listing, createLinux, kernel, answers);
    return answers;
  }

  private readListing(
    listing: DamagedListing,
    createLinux: DamageSubjectOptions['createLinux'],
    kernel: Kernel,
    answers: Answers,
  ): void {
    const sound = this.sound.get(listing.name);
    if (sound === undefined) return;
    const counted = countSteps(kernel, sound.steps * STEP_FACTOR + STEP_SLACK);
    try {
      const answer = listing.read(createLinux(counted.kernel, this.dump.cpus));
      answers.skipped.push(...sound.rows.newlySkipped(answer.skipped));
      const counts = sound.rows.compare(answer, (fate, row, field) => {
        const text = `${field === undefined ? '' : `${field} of `}${valueText(row)}`;
        if (fate === 'changed') answers.changes.push({ field: `${listing.name}.${field ?? 'name'}`, text });
        else answers.faults.push(`${listing.name}: invented ${text}`);
      });
      answers.counts.set(listing.name, counts);
    } catch (error) {
      answers.faults.push(
        `${listing.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    }
    answers.effort = Math.max(answers.effort, counted.count.steps / Math.max(sound.steps, 1));
  }
}

/** A row that has another value in a field. */
export interface Change {
  /** The listing and the first of the fields: `ps.cmdline`. */
  readonly field: string;
  readonly text: string;
}

interface Answers {
  readonly counts: Map<string, DamageCounts>;
  readonly faults: string[];
  readonly changes: Change[];
  readonly skipped: Skipped[];
  effort: number;
}

/** A kernel that counts its steps, and notes the pages that are asked for. */
function countSteps(kernel: Kernel, limit: number): { kernel: Kernel; count: StepCount; pages: Set<bigint> } {
  const count = new StepCount(limit);
  const pages = new Set<bigint>();
  const memory = new CountedMemory(kernel.memory, count, (address) => pages.add(address - (address % 4096n)));
  return { kernel: { ...kernel, memory }, count, pages };
}
