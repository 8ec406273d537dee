import { EVERY_FIELD, OsiError, type Skipped, type Subject, type SubjectKind } from '@osi-linux/core';

/** Fields of records that are read for several columns of a row. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  fs: ['cwd', 'root'],
  mm: ['pgd', 'asid', 'cmdline'],
  cred: ['uid', 'gid', 'euid', 'egid'],
  [EVERY_FIELD]: ['every column'],
};
/** The lists whose rows are things of a kind. */
const LISTS: { readonly [Kind in SubjectKind]?: string } = {
  process: 'processes',
  thread: 'threads',
  mapping: 'mappings',
  'file-descriptor': 'open files',
  socket: 'sockets',
  module: 'modules',
  mount: 'mounts',
  'log-record': 'kernel log',
  cpu: 'current tasks',
};
const ROOTS: ReadonlySet<string> = new Set(['reader-root', 'init-root', 'task-root']);

/** The things that were left out of an answer, by whether the profile lacks a key for them. */
export interface SplitSkipped {
  /** Those that could not be read; of the lists for which the profile lacks a key, each once. */
  readonly unread: readonly Skipped[];
  /** One line that names all columns that the profile cannot fill; `undefined` if it can fill all. */
  readonly note: string | undefined;
}

/** Takes the columns for which the profile lacks keys out of the skipped things, however many rows they are in. */
export function splitMissingKeys(skipped: readonly Skipped[]): SplitSkipped {
  const gaps = new Gaps();
  return { unread: skipped.flatMap((each) => gaps.add(each)), note: gaps.note };
}

/** What a profile lacks keys for. */
class Gaps {
  private readonly columns = new Map<string, Set<string>>();
  private readonly roots = new Set<string>();
  private readonly lists = new Set<string>();

  /** Notes a skipped thing if a key is missing for it, and gives what else there is to report about it. */
  add(skipped: Skipped): readonly Skipped[] {
    const { subject, reason } = skipped;
    const { kind, name, field } = subject;
    const key = missingKeyOf(reason);
    if (key === undefined) return [skipped];
    if (ROOTS.has(kind)) this.roots.add(key);
    else if (field !== undefined) for (const column of COLUMNS[field] ?? [field]) this.addColumn(column, key);
    else if (!this.isKnown(`${kind} ${name} ${key}`)) return [{ subject: wholeOf(subject), reason }];
    return [];
  }

  get note(): string | undefined {
    const parts: string[] = [];
    if (this.columns.size > 0) {
      const columns = [...this.columns].map(([column, keys]) => `${column} (${lacks(keys)})`);
      parts.push(`columns that the profile cannot fill: ${columns.join(', ')}`);
    }
    if (this.roots.size > 0) parts.push(`paths begin at the top of their mount tree (${lacks(this.roots)})`);
    return parts.length === 0 ? undefined : parts.join('; ');
  }

  private addColumn(column: string, key: string): void {
    this.columns.set(column, (this.columns.get(column) ?? new Set()).add(key));
  }

  private isKnown(list: string): boolean {
    const known = this.lists.has(list);
    this.lists.add(list);
    return known;
  }
}

/** The list that lacks a key lacks it for every process and every row, and not for one alone. */
function wholeOf(subject: Subject): Subject {
  const name = subject.kind === 'list' ? subject.name : LISTS[subject.kind];
  return name === undefined ? subject : { kind: 'list', name };
}

function lacks(keys: ReadonlySet<string>): string {
  return `no ${[...keys].join(', ')}`;
}

/** The key at the bottom of a reason. */
function missingKeyOf(reason: OsiError): string | undefined {
  if (reason.code === 'PROFILE_KEY_MISSING') return String(reason.fields['key']);
  return OsiError.is(reason.cause) ? missingKeyOf(reason.cause) : undefined;
}
