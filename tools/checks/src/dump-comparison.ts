import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Dump } from '@osi-linux/memory';
import { createProgram } from '../../cli/src/osi-linux/program';
import { ExitCode } from '../../cli/src/terminal/exit-code';
import type { Io } from '../../cli/src/terminal/io';
import { repository } from './workspace';

/** What a command of `osi-linux` printed, and how it ended. */
export interface CommandAnswer {
  readonly out: string;
  readonly err: string;
  readonly exitCode: ExitCode;
}

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

/** Runs a command of `osi-linux` without a process of its own. */
export async function runListing(words: readonly string[]): Promise<CommandAnswer> {
  let [out, err] = ['', ''];
  const io: Io = {
    out: (data) => {
      out += typeof data === 'string' ? data : Buffer.from(data).toString('latin1');
    },
    err: (text) => {
      err += text;
    },
    columns: undefined,
    colour: false,
    environment: {},
    exitCode: ExitCode.Complete,
  };
  await createProgram(io).parseAsync(['node', 'osi-linux', ...words]);
  return { out, err, exitCode: io.exitCode };
}

/** Prints, as the last line on standard error, the most memory that the process had at once, in KiB. */
const REPORT = `
import { readFileSync } from 'node:fs';
process.on('exit', () => console.error(/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]));
`;

/** Runs the built `osi-linux` in a process of its own; tells the most memory that it had at once, in bytes. */
export function peakMemory(words: readonly string[]): { readonly out: string; readonly bytes: number } {
  const report = `data:text/javascript,${encodeURIComponent(REPORT)}`;
  const program = join(repository, 'tools/cli/dist/osi-linux.js');
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', report, program, ...words], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return { out: stdout, bytes: 1024 * Number(stderr.trim().split('\n').at(-1)) };
}

/** The only values that lie in pages of user memory. */
const OF_USERS = ['cmdline', 'env'];
/** The reason of a page that makedumpfile left out, in the compressed form and in the ELF form. */
const LEFT_OUT = /left out when the dump was written/;

/**
 * What of a listing of a dump without user pages is neither as in the whole dump nor null and named as excluded.
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
