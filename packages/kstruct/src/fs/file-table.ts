import {
  OsiError,
  offsetAddress,
  PAGE_SIZE,
  readBytes,
  type SkippedLog,
  type Subject,
  type VirtualAddress,
} from '@osi-linux/core';
import { implausible, requirePointer } from '../kernel/implausible';
import type { Kernel } from '../kernel/kernel';
import { isKernelPointerWord } from '../kernel/kernel-pointer';
import { layoutOf, missingKey } from '../kernel/layout';
import { StructView } from '../kernel/struct-view';
import type { Task } from '../task/task';
import { OpenFile } from './open-file';

/** Sixteen times the usual sysctl fs.nr_open; the kernel's own ceiling is as many files as there is memory for. */
const TABLE_LIMIT = 16 * 1024 * 1024;
/** Slots that are read at once. */
const CHUNK = 4096;
/** Missing chunks after which the rest of a table is given up: the pointer is wrong, not a page missing. */
const MISSING_LIMIT = 8;

/** A descriptor that is in use. */
export interface FileDescriptor {
  /** The descriptor. */
  readonly fd: number;
  /** The open file, which is not checked yet: see `OpenFile.validate`. */
  readonly file: OpenFile;
  /** Whether execve closes it; `undefined` if the profile lacks `fs.close_on_exec_offset`. */
  readonly closeOnExec: boolean | undefined;
}

/**
 * Yields the descriptors of a task in ascending order; none for a task that has ended.
 *
 * A descriptor is in use when its bit in `open_fds` is set and its slot holds a file (without the key of `open_fds`, as
 * PANDA's sections are, when its slot holds a file): a bit alone is a descriptor that
 * is only reserved; a file alone is damage and is reported to `skipped`, and so is a page of slots without
 * files where several bits are set. Corresponds to `task_lookup_next_fd_rcu`.
 *
 * @throws OsiError where the table itself makes no sense, or cannot be read.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * declare const task: Task;
 * [...eachOpenFile(kernel, task, new SkippedLog())][0]?.fd // => 0
 * ```
 */
export function* eachOpenFile(kernel: Kernel, task: Task, skipped: SkippedLog): Generator<FileDescriptor> {
  const files = task.files;
  if (files === undefined) return;
  const table = readTable(kernel, files);
  let missing = 0;
  for (let first = 0; first < table.maxFds && missing < MISSING_LIMIT; first += CHUNK) {
    const count = Math.min(CHUNK, table.maxFds - first);
    const slots = skipped.attempt(
      () => runSubject(task, first, count),
      () => readSlots(kernel, table, first, count),
    );
    if (slots === null) missing += 1;
    for (const page of slots === null ? [] : eachBlankPage(kernel, slots, count))
      skipped.add(runSubject(task, first + page.index, page.count), blank(table, page));
    for (const { index, file } of slots?.held ?? []) {
      const fd = first + index;
      if (slots?.open !== undefined && !isSet(slots.open, index))
        skipped.add({ kind: 'file-descriptor', pid: task.tgid, fd }, notOpen(fd, file));
      else yield { fd, file: new OpenFile(kernel, file), closeOnExec: bitOf(slots?.closeOnExec, index) };
    }
  }
}

function runSubject({ tgid: pid }: Task, first: number, count: number): Subject {
  return { kind: 'file-descriptor', pid, first, last: first + count - 1 };
}

/**
 * One descriptor of a task; `undefined` if it is not in use, negative or beyond the table, and for a task
 * that has ended.
 *
 * Corresponds to `fget_task`, which reads the slot alone.
 *
 * @throws OsiError where the table makes no sense or cannot be read, `FD_NOT_OPEN` where slot and bit disagree.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * declare const task: Task;
 * findOpenFile(kernel, task, 0)?.fd // => 0
 * findOpenFile(kernel, task, -100) // => undefined
 * ```
 */
export function findOpenFile(kernel: Kernel, task: Task, fd: number): FileDescriptor | undefined {
  const files = task.files;
  if (files === undefined || !Number.isInteger(fd) || fd < 0) return undefined;
  const table = readTable(kernel, files);
  if (fd >= table.maxFds) return undefined;
  const { memory } = kernel;
  const file = new StructView(memory, table.fd).word(fd * memory.architecture.wordSize);
  const { openFds } = table;
  const open = openFds === undefined || isBitSet(kernel, openFds, fd);
  const closeOnExec = table.closeOnExec === undefined ? undefined : isBitSet(kernel, table.closeOnExec, fd);
  if (file === 0n) return undefined;
  if (!open) throw notOpen(fd, file);
  return { fd, file: new OpenFile(kernel, file), closeOnExec };
}

/** A `struct fdtable`. */
interface FdTable {
  readonly address: VirtualAddress;
  readonly maxFds: number;
  readonly fd: VirtualAddress;
  /** `undefined` where the profile lacks it: a descriptor is in use then where its slot holds a file. */
  readonly openFds: VirtualAddress | undefined;
  /** `undefined` where the profile lacks it. */
  readonly closeOnExec: VirtualAddress | undefined;
}

function readTable(kernel: Kernel, files: VirtualAddress): FdTable {
  const { memory } = kernel;
  const keys = layoutOf(kernel.info).fs;
  validateUse(kernel, files);
  const holder = { struct: 'files_struct', address: files, member: 'fdt' };
  const fdt = new StructView(memory, files).word(keys.fdt_offset ?? missingKey('fs.fdt_offset'));
  const address = requirePointer(kernel, fdt, holder);
  const fdtable = new StructView(memory, address);
  const maxFds = fdtable.u32(maxFdsOffset(kernel));
  validateSize(kernel, files, address, maxFds);
  const { fd_offset = missingKey('fs.fd_offset'), open_fds_offset, close_on_exec_offset } = keys;
  const mask = (member: string, offset: number | undefined) =>
    offset === undefined ? undefined : readPointer(kernel, fdtable, member, offset);
  return {
    address,
    maxFds,
    fd: readPointer(kernel, fdtable, 'fd', fd_offset),
    openFds: mask('open_fds', open_fds_offset),
    closeOnExec: mask('close_on_exec', close_on_exec_offset),
  };
}

/**
 * PANDA's sections do not have the key: there `fd` is the second member and a pointer, so that the first, in front of
 * it, is `max_fds`. Source: `struct fdtable`, include/linux/fdtable.h.
 */
function maxFdsOffset({ info, memory }: Kernel): number {
  const { max_fds_offset, fd_offset } = layoutOf(info).fs;
  if (max_fds_offset !== undefined) return max_fds_offset;
  return fd_offset === memory.architecture.wordSize ? 0 : missingKey('fs.max_fds_offset');
}

function readPointer(kernel: Kernel, fdtable: StructView, member: string, offset: number): VirtualAddress {
  const pointer = fdtable.word(offset);
  if (isKernelPointerWord(kernel.memory.architecture, pointer)) return pointer;
  return requirePointer(kernel, pointer, { struct: 'fdtable', address: fdtable.address, member });
}

function validateUse(kernel: Kernel, address: VirtualAddress): void {
  const offset = layoutOf(kernel.info).files.count_offset;
  const count = offset === undefined ? 1 : new StructView(kernel.memory, address).s32(offset);
  if (count > 0) return;
  throw implausible({
    struct: 'files_struct',
    address,
    member: 'count',
    received: count,
    expected: '1 or more',
  });
}

/**
 * A process starts with the small table inside of `files_struct`, of as many descriptors as a word has bits; every
 * other one is larger. Source: `dup_fd` and `alloc_fdtable`, fs/file.c.
 */
function validateSize(kernel: Kernel, files: VirtualAddress, address: VirtualAddress, maxFds: number): void {
  const bits = kernel.memory.architecture.wordSize * 8;
  const offset = layoutOf(kernel.info).fs.fdtab_offset;
  const small = offset !== undefined && address === offsetAddress(files, offset);
  const fits = small ? maxFds === bits : offset === undefined ? maxFds >= bits : maxFds > bits;
  if (fits && maxFds % bits === 0 && maxFds <= TABLE_LIMIT) return;
  const expected = small ? String(bits) : `a multiple of ${bits}, more than that, up to ${TABLE_LIMIT}`;
  throw implausible({ struct: 'fdtable', address, member: 'max_fds', received: maxFds, expected });
}

/** A run of slots with their bits. */
interface Slots {
  /** The slots that hold something, by their place in the run. */
  readonly held: readonly { readonly index: number; readonly file: VirtualAddress }[];
  readonly open: Uint8Array | undefined;
  readonly closeOnExec: Uint8Array | undefined;
}

function readSlots({ memory }: Kernel, table: FdTable, first: number, count: number): Slots {
  const { wordSize } = memory.architecture;
  const bits = (mask: VirtualAddress | undefined) =>
    mask === undefined ? undefined : readBytes(memory, offsetAddress(mask, first / 8), count / 8);
  const bytes = readBytes(memory, offsetAddress(table.fd, first * wordSize), count * wordSize);
  return {
    held: Array.from(eachHeld(bytes, wordSize)),
    open: bits(table.openFds),
    closeOnExec: bits(table.closeOnExec),
  };
}

function* eachHeld(bytes: Uint8Array, wordSize: 4 | 8): Generator<Slots['held'][number]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += wordSize) {
    if (view.getUint32(at, true) === 0 && view.getUint32(at + wordSize - 4, true) === 0) continue;
    const file = wordSize === 8 ? view.getBigUint64(at, true) : BigInt(view.getUint32(at, true));
    yield { index: at / wordSize, file };
  }
}

/** A page of slots that hold nothing. */
interface BlankPage {
  readonly index: number;
  readonly count: number;
  /** How many of them are in use by their bits. */
  readonly used: number;
}

/** Nobody reserves several descriptors and opens nothing beside them: the slots themselves are gone. */
function* eachBlankPage({ memory }: Kernel, slots: Slots, count: number): Generator<BlankPage> {
  const size = PAGE_SIZE / memory.architecture.wordSize;
  const full = new Set(slots.held.map(({ index }) => Math.floor(index / size)));
  for (let index = 0; index < count; index += size) {
    const end = Math.min(index + size, count);
    if (full.has(index / size)) continue;
    let used = 0;
    for (let slot = index; slot < end; slot += 1) if (isSet(slots.open, slot)) used += 1;
    if (used > 1) yield { index, count: end - index, used };
  }
}

function blank({ address }: FdTable, { used }: BlankPage): OsiError {
  return implausible({
    struct: 'fdtable',
    address,
    member: 'fd',
    received: 0,
    expected: `files in slots of which ${used} are in use`,
  });
}

function bitOf(mask: Uint8Array | undefined, index: number): boolean | undefined {
  return mask && isSet(mask, index);
}

function isSet(mask: Uint8Array | undefined, index: number): boolean {
  return (((mask?.[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
}

/** A bit of an array of `unsigned long`. */
function isBitSet({ memory }: Kernel, mask: VirtualAddress, index: number): boolean {
  const word = new StructView(memory, mask).u32(Math.floor(index / 32) * 4);
  return ((word >>> (index & 31)) & 1) === 1;
}

function notOpen(fd: number, file: VirtualAddress): OsiError {
  return new OsiError(
    'FD_NOT_OPEN',
    `descriptor ${fd} has a file in its slot, but its bit in open_fds is clear`,
    {
      hint: 'the dump is damaged there, or the guest ran while it was dumped',
      fields: { fd, file },
    },
  );
}
