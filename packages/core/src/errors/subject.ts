/**
 * The kinds of things that a walk can leave out.
 *
 * - `process`, `thread`, `mapping`, `file-descriptor`, `socket`, `module`, `mount`, `log-record`, `cpu`: rows of a
 *   listing.
 * - `pid`: an entry of the kernel's table of ids.
 * - `list`, `tree-node`: a list, or a part of a tree, any number of whose rows may be missing.
 * - `symbols`, `module-symbols`: symbols of the kernel, and of one of its modules.
 * - `reader-root`, `init-root`, `task-root`: the root directory from which paths are written: of a reader of `/proc`, of
 *   pid 1 (whose root is that reader's), of one task.
 * - `comparison`: two records of the kernel that are compared.
 * - `page-tables`: page tables of the kernel, at `address`, physical, that contradict those in use.
 * - `memory`: bytes.
 */
export type SubjectKind =
  | 'process'
  | 'thread'
  | 'mapping'
  | 'file-descriptor'
  | 'socket'
  | 'module'
  | 'mount'
  | 'log-record'
  | 'cpu'
  | 'pid'
  | 'list'
  | 'tree-node'
  | 'symbols'
  | 'module-symbols'
  | 'reader-root'
  | 'init-root'
  | 'task-root'
  | 'comparison'
  | 'page-tables'
  | 'memory';

/** The field that stands for all fields of a row that is there. */
export const EVERY_FIELD = '*';

/**
 * The thing that a walk left out, as data; {@link formatSubject} makes the text for people.
 *
 * With a `field`, the row is in the listing and has `null` in that field. Without one, a row is missing, or with `first`
 * to `last` a run of rows, or of a `list` or `tree-node` any number of rows. Unknown facts of the thing are
 * absent.
 */
export interface Subject {
  /** The kind of thing. */
  readonly kind: SubjectKind;
  /** Id of the process that it is, or belongs to. */
  readonly pid?: number;
  /** Id of the thread. */
  readonly tid?: number;
  /** Number of the descriptor. */
  readonly fd?: number;
  /** Number of the processor. */
  readonly cpu?: number;
  /** Number of the mount. */
  readonly id?: number;
  /** Address of its structure, virtual; of `memory`, of its first byte; of `page-tables`, of the top one, physical. */
  readonly address?: bigint;
  /** The C name of the structure at `address`, where `kind` does not settle it: `vm_area_struct`. */
  readonly struct?: string;
  /** First address of a mapping, virtual. */
  readonly base?: bigint;
  /** Its name: of a module `jbd2`, of a list or tree `task_struct.tasks`. */
  readonly name?: string;
  /** Number of the first thing of a run, or of the first entry below a `tree-node`. */
  readonly first?: number;
  /** Number of the last thing of a run. */
  readonly last?: number;
  /** Where in its buffer it is, in bytes. */
  readonly byte?: number;
  /** How many bytes are missing. */
  readonly bytes?: number;
  /** The field of the row that could not be read, or {@link EVERY_FIELD}. */
  readonly field?: string;
  /** Which of two compared moments it is of. */
  readonly when?: 'before' | 'after';
}

/**
 * A text that two subjects share exactly where they are the same, for a `Set` or a `Map`; not for people.
 *
 * @example
 * ```ts
 * subjectKey({ kind: 'process', pid: 7 }) === subjectKey({ pid: 7, kind: 'process' }) // => true
 * subjectKey({ kind: 'process', pid: 7 }) === subjectKey({ kind: 'process', pid: 8 }) // => false
 * ```
 */
export function subjectKey(subject: Subject): string {
  const facts = Object.entries(subject).filter(([, value]) => value !== undefined);
  facts.sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify(facts, (_, value) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value));
}
