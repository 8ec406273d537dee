import { OsiError, SkippedLog, type Subject, type VirtualAddress } from '@osi-linux/core';
import {
  eachVma,
  findVmaOrder,
  type Kernel,
  type Mm,
  type PathReader,
  readStackGuardSize,
  type Task,
  ThreadStacks,
  type Vma,
  VmaNames,
} from '@osi-linux/kstruct';
import type { OsiModule } from '@osi-linux/osi';
import { eachSelectedProcess } from './process-selection';
import { type PathSelection, TaskPaths } from './reader-paths';
import { ThreadGroup } from './thread-group';

/** The processes whose mappings are wanted. Any value that names a process in the OSI API is accepted. */
export interface MappingSelection extends PathSelection {
  /**
   * Whether threads that have another address space than their leader get rows too, or, on older kernels, other stacks
   * in the same one.
   */
  readonly threads?: boolean | undefined;
  /** Only the process of this descriptor: the address of its leader's `task_struct`, virtual. */
  readonly taskd?: VirtualAddress | undefined;
}

/**
 * A mapping of a process: PANDA's `OsiModule` of its `vm_area_struct`, with the rights as Linux prints them.
 *
 * `file` has ` (deleted)` where the kernel shows it, `name` has not. Anonymous memory has the text in brackets that
 * `/proc/PID/maps` shows for a name, else `[???]`.
 */
export interface LinuxMapping extends OsiModule {
  /** Id of the process. */
  readonly pid: number;
  /** Id of the thread whose mapping it is, where its mappings differ from the leader's; absent for those of the leader. */
  readonly tid?: number;
  /** The rights: `r-xp`; `s` in the last place for memory that may be shared. */
  readonly perms: string | null;
}

const UNNAMED = '[???]';
const DELETED = ' (deleted)';

/**
 * Reads the mappings of processes. `kept` is a reader of the same stop of the guest, whose paths are of pid 1's root.
 *
 * @throws OsiError `PROFILE_KEY_MISSING` where the profile does not tell how the kernel orders mappings.
 */
export function readMappings(
  kernel: Kernel,
  selection: MappingSelection,
  skipped: SkippedLog,
  kept?: MappingReader,
): LinuxMapping[] {
  findVmaOrder(kernel);
  const open = (paths: PathReader) => new MappingReader(kernel, paths);
  const readers = new TaskPaths(kernel, selection, skipped, open, kept);
  const rows: LinuxMapping[] = [];
  for (const { task, pid } of eachSelectedProcess(kernel, selection, skipped)) {
    if (selection.taskd !== undefined && selection.taskd !== task.address) continue;
    const reader = readers.of(task, pid);
    for (const row of reader.read(task, pid, selection.threads ?? false, skipped)) rows.push(row);
  }
  return rows;
}

/** Reads the mappings of one process after the other, and keeps the names of the files that they share. */
export class MappingReader {
  private readonly kernel: Kernel;
  private readonly paths: PathReader;
  private readonly names: VmaNames;
  private readonly hidesGuards: boolean;
  private readonly files = new Map<VirtualAddress, MappedFile>();
  private lastFile: MappedFile | undefined;

  constructor(kernel: Kernel, paths: PathReader) {
    this.kernel = kernel;
    this.paths = paths;
    this.names = new VmaNames(kernel);
    this.hidesGuards = kernel.info['vma.stack_guard_page_flag'] !== undefined;
  }

  /**
   * The mappings of a process, ascending: those of its leader, and with `threads` those of each thread that has another
   * address space, or the same with other names of stacks. Kernel threads and exited processes have no mappings.
   */
  read(task: Task, pid: number, threads: boolean, skipped: SkippedLog): LinuxMapping[] {
    const own = new SkippedLog();
    const mm = findMm(task, { kind: 'process', field: 'mm' }, own);
    const group = new ThreadGroup(this.kernel, task, own);
    const stacks = ThreadStacks.ofProcess(this.kernel, () => group.read());
    const rows = mm === undefined ? [] : this.readMm({ mm, pid, stacks }, own);
    if (threads) for (const row of this.readThreads(group, { mm, pid, rows }, own)) rows.push(row);
    for (const { subject, reason } of own.records) skipped.add({ ...subject, pid }, reason);
    return rows;
  }

  private readThreads(group: ThreadGroup, leader: LeaderMappings, skipped: SkippedLog): LinuxMapping[] {
    const rows: LinuxMapping[] = [];
    for (const thread of group.read()) {
      const { address } = thread;
      if (address === group.leader.address) continue;
      const mm = findMm(thread, { kind: 'thread', address, field: 'mm' }, skipped);
      if (mm === undefined) continue;
      const stacks = ThreadStacks.ofThread(this.kernel, thread);
      const shared = mm.address === leader.mm?.address;
      if (shared && stacks === undefined) continue;
      const tid = skipped.attempt(
        () => ({ kind: 'thread', address, field: 'tid' }),
        () => thread.pid,
      );
      if (tid === null) continue;
      const again = new SkippedLog();
      const own = this.readMm({ mm, pid: leader.pid, tid, stacks }, again);
      if (shared && haveSameNames(own, leader.rows)) continue;
      for (const row of own) rows.push(row);
      for (const { subject, reason } of again.records) skipped.add(subject, reason);
    }
    return rows;
  }

  private readMm(space: AddressSpace, skipped: SkippedLog): LinuxMapping[] {
    const rows: LinuxMapping[] = [];
    skipped.attempt(
      () => ({ kind: 'list', name: 'mappings' }),
      () => {
        let before: Vma | undefined;
        for (const vma of eachVma(this.kernel, space.mm, skipped)) {
          rows.push(this.readRow(vma, before, space, skipped));
          before = vma;
        }
      },
    );
    return rows;
  }

  private readRow(vma: Vma, before: Vma | undefined, space: AddressSpace, skipped: SkippedLog): LinuxMapping {
    const { pid, tid } = space;
    const { address: modd } = vma;
    let { start: base, size } = vma;
    if (this.hidesGuards) {
      const hidden = readStackGuardSize(this.kernel, vma, before);
      base += BigInt(hidden);
      size -= hidden;
    }
    let fields: MappingFields;
    try {
      fields = this.describe(vma, space);
    } catch (error) {
      if (!OsiError.is(error)) throw error;
      fields = this.describeParts(vma, space, skipped);
    }
    const { file, name, offset, flags, perms } = fields;
    if (tid === undefined) return { pid, modd, base, size, file, name, offset, flags, perms };
    return { pid, tid, modd, base, size, file, name, offset, flags, perms };
  }

  private describe(vma: Vma, space: AddressSpace): MappingFields {
    const { flags, perms } = vma;
    const { file, name } = this.identify(vma, space);
    return { file, name, offset: file === null ? 0n : vma.offset, flags, perms };
  }

  /** The same once more where something is missing, field by field. */
  private describeParts(vma: Vma, space: AddressSpace, skipped: SkippedLog): MappingFields {
    const field = <Value>(name: string, read: () => Value): Value | null =>
      skipped.attempt(() => ({ kind: 'mapping', base: vma.start, field: name }), read);
    const thing = field('file', () => this.identify(vma, space));
    return {
      file: thing?.file ?? null,
      name: thing?.name ?? null,
      offset: field('offset', () => (vma.fileAddress === 0n ? 0n : vma.offset)),
      flags: field('flags', () => vma.flags),
      perms: field('perms', () => vma.perms),
    };
  }

  private identify(vma: Vma, { mm, stacks }: AddressSpace): MappedThing {
    const address = vma.fileAddress;
    if (address === 0n) return { file: null, name: this.names.read(vma, mm, stacks) ?? UNNAMED };
    const known = address === this.lastFile?.address ? this.lastFile : this.readFile(vma, address);
    this.lastFile = known;
    const shared = this.names.readShared(vma);
    return shared === undefined ? known : { file: known.file, name: shared };
  }

  private readFile(vma: Vma, address: VirtualAddress): MappedFile {
    const known = this.files.get(address);
    if (known !== undefined) return known;
    const { text, deleted } = this.paths.describe(vma.file.userPath);
    const kept = { address, file: text, name: lastComponent(text, deleted) };
    this.files.set(address, kept);
    return kept;
  }
}

/** Whose address space is read. */
interface AddressSpace {
  readonly mm: Mm;
  readonly pid: number;
  readonly tid?: number;
  readonly stacks: ThreadStacks | undefined;
}

/** The mappings of a leader, which its threads are held against. */
interface LeaderMappings {
  readonly mm: Mm | undefined;
  readonly pid: number;
  readonly rows: readonly LinuxMapping[];
}

type MappingFields = Pick<LinuxMapping, 'file' | 'name' | 'offset' | 'flags' | 'perms'>;

/** The file and the name of a mapping. */
interface MappedThing {
  readonly file: string | null;
  readonly name: string;
}

interface MappedFile extends MappedThing {
  /** The `struct file`, virtual. */
  readonly address: VirtualAddress;
}

function haveSameNames(rows: readonly LinuxMapping[], others: readonly LinuxMapping[]): boolean {
  return rows.length === others.length && rows.every(({ name }, index) => name === others[index]?.name);
}

function lastComponent(path: string, deleted: boolean): string {
  const end = deleted ? path.length - DELETED.length : path.length;
  return path.slice(path.lastIndexOf('/', end - 1) + 1, end);
}

/** The user address space that `/proc` shows. Threads of the kernel may have borrowed one, and show none. */
function findMm(task: Task, subject: Subject, skipped: SkippedLog): Mm | undefined {
  const found = skipped.attempt(
    () => subject,
    () => {
      const { mm } = task;
      return mm === undefined || task.isKernelThread ? null : mm;
    },
  );
  return found ?? undefined;
}
