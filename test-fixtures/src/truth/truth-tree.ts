import { LONG_PATH } from './internal/difference';
import { textOf } from './internal/guest-text';
import type { TruthRecord } from './truth-records';

/** The source of the comparisons of mappings, files, mounts, environments, sockets, modules and the log. */
const OF_TASK = 'maps|environ|mountinfo|cwd|root|exe|fd|fd/\\d+|fdinfo/\\d+|net/\\w+';
const KEPT = new RegExp(
  `^(/dev/kmsg|/run/sockets|/proc/modules|/proc/1/ns/\\w+|/proc/net/\\w+|/proc/\\d+/(task/\\d+/)?(${OF_TASK}))$`,
);

/** strerror(ENAMETOOLONG) of glibc: the answer of a link of `/proc` whose text would not fit into a page. */
const TOO_LONG = 'File name too long';

/**
 * The contents of the guest's own files, links and folders, by path; the last record of every path.
 *
 * @example
 * ```ts
 * const bytes = Uint8Array.of(0x2f);
 * const tree = TruthTree.of([{ kind: 'link', path: '/proc/7/cwd', bytes }]);
 * [tree.link('/proc/7/cwd'), tree.link('/proc/7/exe'), tree.names('/proc/7')] // => ['/', undefined, ['cwd']]
 * ```
 */
export class TruthTree {
  private readonly recordsByFolder = new Map<string, Map<string, TruthRecord>>();
  private keptLinkTexts: ReadonlySet<string> | undefined;

  constructor(records: Iterable<TruthRecord>) {
    for (const record of records) {
      const cut = record.path.lastIndexOf('/');
      const [folder, name] = [record.path.slice(0, cut), record.path.slice(cut + 1)];
      const names = this.recordsByFolder.get(folder) ?? new Map<string, TruthRecord>();
      this.recordsByFolder.set(folder, names.set(name, record));
    }
  }

  /** The records that the comparisons read; undefined if there are no records, as old collectors left it. */
  static of(records: readonly TruthRecord[]): TruthTree | undefined {
    const kept = records.filter(({ path }) => KEPT.test(path));
    return kept.length === 0 ? undefined : new TruthTree(kept);
  }

  /** Every record, folder by folder. */
  get records(): TruthRecord[] {
    return [...this.recordsByFolder.values()].flatMap((names) => [...names.values()]);
  }

  /** The folders that have something, such as `/proc/7/fd`. */
  get folders(): string[] {
    return [...this.recordsByFolder.keys()];
  }

  /** The names in a folder, as they came. */
  names(folder: string): string[] {
    return [...(this.recordsByFolder.get(folder)?.keys() ?? [])];
  }

  /** Whether the collector asked for it, be the answer an error. */
  has(path: string): boolean {
    return this.find(path) !== undefined;
  }

  /** Bytes of a file; undefined if there is no record, or an error. */
  bytes(path: string): Uint8Array | undefined {
    const record = this.find(path);
    return record?.kind === 'file' ? record.bytes : undefined;
  }

  /** Why there is no answer: errno's text; undefined if there is an answer, or no question. */
  error(path: string): string | undefined {
    const record = this.find(path);
    return record?.kind === 'error' ? textOf(record.bytes) : undefined;
  }

  /**
   * Text of a link: null where it could not be read, undefined if nobody tried, {@link LONG_PATH} if it is too long for
   * a link. Invalid UTF-8 is U+FFFD.
   */
  link(path: string): string | null | undefined {
    const record = this.find(path);
    if (record?.kind === 'error') return textOf(record.bytes) === TOO_LONG ? LONG_PATH : null;
    return record?.kind === 'link' ? textOf(record.bytes) : undefined;
  }

  /** Texts of all links. */
  get linkTexts(): ReadonlySet<string> {
    this.keptLinkTexts ??= new Set(
      this.records.filter(({ kind }) => kind === 'link').map(({ bytes }) => textOf(bytes)),
    );
    return this.keptLinkTexts;
  }

  private find(path: string): TruthRecord | undefined {
    const cut = path.lastIndexOf('/');
    return this.recordsByFolder.get(path.slice(0, cut))?.get(path.slice(cut + 1));
  }
}
