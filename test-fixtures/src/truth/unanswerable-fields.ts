import { formatSubject, type Subject, subjectKey } from '@osi-linux/core';
import { openFds } from './compare/compare-files';
import type { GuestTruth, TruthProcess } from './guest-truth';
import { LONG_PATH } from './internal/difference';
import { findProtectedStrings } from './protected-strings';
import type { TruthTree } from './truth-tree';

/** A field that a listing cannot answer: `env` of process 7. */
export interface UnanswerableFields {
  /** The fields that the guest itself could not answer: strings that a process cannot read. */
  readonly always: readonly Subject[];
  /**
   * The fields that may have gone to the swap after the guest was asked, and those on pages that are `PROT_NONE`,
   * which recorded dumps of earlier releases lack.
   */
  readonly perhaps: readonly Subject[];
  /** The links that the guest could not read because they are longer than a page: a warning names them. */
  readonly long: readonly Subject[];
}

/** The beginning of a warning about a path that `/proc` cannot show. */
const LONG_PATH_WARNING = 'warning: path too long for /proc: ';
const LINKS = ['cwd', 'root', 'exe'] as const;

/**
 * Which fields of which rows must be null with a reason; every other one must have its answer.
 *
 * @example
 * ```ts
 * findUnanswerableFields({ processes: [], unsettled: [], tasks: [], cpus: [] }, 'env')
 * // => { always: [], perhaps: [], long: [] }
 * ```
 */
export function findUnanswerableFields(
  { processes, tree }: GuestTruth,
  listing: 'ps' | 'files' | 'env',
): UnanswerableFields {
  const always: Subject[] = [];
  const perhaps: Subject[] = [];
  const long: Subject[] = [];
  for (const process of processes) {
    if (listing === 'files') long.push(...longFileNames(process, tree));
    if (listing === 'env') long.push(...longLinks(process, tree));
    const strings = ({ ps: 'cmdline', env: 'env', files: undefined } as const)[listing];
    if (strings === undefined) continue;
    const subject: Subject = { kind: 'process', pid: process.pid, field: strings };
    const isKept = findProtectedStrings(process, strings) !== undefined;
    if (isKept) perhaps.push(subject);
    else if (process.unreadable?.includes(strings) === true) always.push(subject);
    if (process.pagedOut?.includes(strings) === true) perhaps.push(subject);
  }
  return { always, perhaps, long };
}

/**
 * Whether a record is about a field that has no answer, in the table of the process or in that of one of its threads.
 *
 * @example
 * ```ts
 * const field = { kind: 'file-descriptor', pid: 7, fd: 3, field: 'filename' };
 * isUnanswerable({ ...field, tid: 8 }, field) // => true
 * isUnanswerable({ ...field, fd: 4 }, field) // => false
 * ```
 */
export function isUnanswerable({ tid: _tid, ...subject }: Subject, field: Subject): boolean {
  return subjectKey(subject) === subjectKey(field);
}

/**
 * Compares a command's standard error and its exit code with the fields that it cannot answer; a sentence for
 * each difference. A line begins with the subject as it is printed; the last line sums them up.
 *
 * @example
 * ```ts
 * const fields = { always: [{ kind: 'process', pid: 7, field: 'env' }], perhaps: [], long: [] };
 * compareUnanswerable(fields, { err: 'pid 7: env: page not present\nincomplete: 1 thing\n', exitCode: 1 }) // => []
 * compareUnanswerable(fields, { err: '', exitCode: 0 }) // => ['not named: pid 7: env']
 * ```
 */
export function compareUnanswerable(
  { always, perhaps, long }: UnanswerableFields,
  { err, exitCode }: { readonly err: string; readonly exitCode: number },
): string[] {
  const all = err.split('\n').filter((line) => line !== '' && !line.startsWith('incomplete: '));
  const paths = all.filter((line) => line.startsWith(LONG_PATH_WARNING));
  const lines = all.filter((line) => !paths.includes(line));
  const isAbout = (line: string, field: string) => line.startsWith(`${field}: `);
  const named = always.map(formatSubject);
  const known = [...named, ...perhaps.map(formatSubject)];
  const wanted = lines.length === 0 ? 0 : 1;
  const isOf = (line: string, field: string) => line.includes(` bytes (${field}: `);
  const links = long.map(formatSubject);
  return [
    ...paths.filter((line) => !links.some((field) => isOf(line, field))).map((line) => `unexpected: ${line}`),
    ...links
      .filter((field) => !paths.some((line) => isOf(line, field)))
      .map((field) => `no warning: ${field}`),
    ...lines
      .filter((line) => !known.some((field) => isAbout(line, field)))
      .map((line) => `unexpected: ${line}`),
    ...named
      .filter((field) => !lines.some((line) => isAbout(line, field)))
      .map((field) => `not named: ${field}`),
    ...(exitCode === wanted ? [] : [`exit code: expected ${wanted}, received ${exitCode}`]),
  ];
}

function longLinks({ pid }: TruthProcess, tree: TruthTree | undefined): Subject[] {
  const long = LINKS.filter((name) => tree?.link(`/proc/${pid}/${name}`) === LONG_PATH);
  return long.map((field) => ({ kind: 'process', pid, field }));
}

function longFileNames({ pid }: TruthProcess, tree: TruthTree | undefined): Subject[] {
  const fds = tree === undefined ? [] : openFds(tree, `/proc/${pid}`);
  const long = fds.filter((fd) => tree?.link(`/proc/${pid}/fd/${fd}`) === LONG_PATH);
  return long.map((fd) => ({ kind: 'file-descriptor', pid, fd, field: 'filename' }));
}
