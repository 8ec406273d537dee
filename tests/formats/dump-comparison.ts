import type { Dump } from '@osi-linux/memory';

/** How the pages of one dump are those of another. */
export interface PageComparison {
  /** Pages with the same bytes. */
  readonly same: number;
  /** Numbers of the first frames with other bytes. */
  readonly different: readonly number[];
  /** How many pages the second one lacks, by the reason that it gives. */
  readonly holes: Readonly<Record<string, number>>;
}

const SHOWN = 20;
const ZERO = Buffer.alloc(4096);

/**
 * Compares frames 0 to `frames` of a dump with those of another, which has them all.
 *
 * With `zero` a page may be missing only if it is zero: else it counts as different.
 */
export function comparePages(reference: Dump, dump: Dump, frames: number, zero = false): PageComparison {
  let same = 0;
  const different: number[] = [];
  const holes: Record<string, number> = {};
  for (let frame = 0; frame < frames; frame += 1) {
    const wanted = reference.memory.page(frame)?.bytes;
    const got = dump.memory.page(frame)?.bytes;
    if (wanted === undefined) throw new Error(`the reference lacks frame ${frame}`);
    if (got !== undefined && Buffer.compare(got, wanted) === 0) same += 1;
    else if (got !== undefined || (zero && ZERO.compare(wanted) !== 0)) different.push(frame);
    else {
      const { code } = dump.memory.hole(frame);
      holes[code] = (holes[code] ?? 0) + 1;
    }
  }
  return { same, different: different.slice(0, SHOWN), holes };
}

/** The only values that lie in pages of user memory. */
const OF_USERS = ['cmdline', 'env'];
/** The reason of a page that makedumpfile left out, in the compressed form and in the ELF form. */
const LEFT_OUT = /left out when the dump was written/;

/**
 * The fields in a listing of a dump without user pages that are neither as in the whole dump nor null and
 * named as excluded.
 */
export function explainNulls(whole: string, part: string, err: string): string[] {
  const wanted = rows(whole);
  const got = rows(part);
  if (wanted.length !== got.length) return [`${got.length} rows instead of ${wanted.length}`];
  return wanted.flatMap((row, index) =>
    Object.keys({ ...row, ...got[index] }).flatMap((key) => {
      const value = got[index]?.[key];
      if (JSON.stringify(value) === JSON.stringify(row[key])) return [];
      const named = err
        .split('\n')
        .some((line) => line.startsWith(`pid ${row['pid']}: ${key}: `) && LEFT_OUT.test(line));
      if (OF_USERS.includes(key) && value === null && named) return [];
      return [`pid ${row['pid']}: ${key}: ${JSON.stringify(value)} instead of ${JSON.stringify(row[key])}`];
    }),
  );
}

function rows(json: string): Record<string, unknown>[] {
  return JSON.parse(json) as Record<string, unknown>[];
}
