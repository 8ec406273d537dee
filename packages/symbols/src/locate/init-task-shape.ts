import {
  type Architecture,
  decodeCString,
  formatAddress,
  IMAGE_REACH,
  type PhysicalMemory,
  readPartial,
  type VirtualAddress,
} from '@osi-linux/core';
import { memoryBetween } from '../survey/memory-between';
import { eachOccurrence } from '../survey/ram-scan';
import type { KernelLocation } from './x86/location';

/** `init_task`, the structure of pid 0, where its shape shows it. */
export interface FoundInitTask {
  /** Its virtual address. */
  readonly address: VirtualAddress;
  /** How many bytes behind it its name is, `task_struct.comm`. */
  readonly commOffset: number;
  /** How many bytes behind it the list of all processes begins, `task_struct.tasks`. */
  readonly tasksOffset: number;
  /** The evidence. */
  readonly evidence: string;
}

const NAME = new TextEncoder().encode('swapper');
/** Name and padding: TASK_COMM_LEN, Linux include/linux/sched.h. */
const COMM_BYTES = 16;
/** How far behind the start of `task_struct` its name can be. */
const COMM_REACH = 8192;
/** Of a real image a few places have the name. */
const MOST_PLACES = 256;
/** In one structure one place is its own parent; in made-up memory all of it could be. */
const MOST_PARENTS = 4;
/** Words from `real_parent` to `group_leader`: `parent`, `children` and `sibling` are between. */
const LEADER_AHEAD = 6;

/**
 * Finds `init_task` in the data of a kernel's image without its symbols and types, or gives `undefined`.
 *
 * It is where the name `swapper` stands behind pointers to one and the same place, `real_parent`, `parent` and
 * `group_leader`, since pid 0 is its own parent; and behind a list that leads to a process whose parent that place is,
 * and back. Corresponds to `init_task`, Linux init/init_task.c.
 *
 * @example
 * ```ts
 * declare const dump: Dump;
 * const [location] = eachKernelLocation(dump);
 * location && findInitTaskByShape(dump.memory, location)?.evidence.startsWith('its name is "swapper/0"') // => true
 * ```
 */
export function findInitTaskByShape(
  memory: PhysicalMemory,
  location: Pick<KernelLocation, 'tables' | 'textBase' | 'mapBase' | 'physBase'>,
): FoundInitTask | undefined {
  const { tables, textBase, mapBase, physBase } = location;
  const start = tables.translate(textBase);
  if (start === undefined) return undefined;
  const image = memoryBetween(memory, start, start + IMAGE_REACH);
  let left = MOST_PLACES;
  for (const { at } of eachOccurrence(image, [{ bytes: NAME, alignment: 4 }])) {
    const comm = BigInt(at) - physBase + mapBase;
    const found = isMapped(location, comm, at) ? initTaskBefore(location, comm) : undefined;
    if (found !== undefined) return found;
    left -= 1;
    if (left === 0) break;
  }
  return undefined;
}

function isMapped({ tables }: Pick<KernelLocation, 'tables'>, virtual: VirtualAddress, at: number): boolean {
  return virtual >= 0n && tables.translate(virtual) === at;
}

/** A stretch of memory as words of the guest's size. */
class Words {
  readonly start: VirtualAddress;
  readonly size: 4 | 8;
  readonly count: number;
  private readonly view: DataView;

  constructor(tables: KernelLocation['tables'], start: VirtualAddress, bytes: number) {
    this.start = start;
    this.size = tables.architecture.wordSize;
    this.count = bytes / this.size;
    this.view = new DataView(readPartial(tables, start, bytes).bytes.buffer);
  }

  at(index: number): bigint {
    if (index < 0 || index >= this.count) return 0n;
    const place = index * this.size;
    return this.size === 8 ? this.view.getBigUint64(place, true) : BigInt(this.view.getUint32(place, true));
  }

  address(index: number): VirtualAddress {
    return this.start + BigInt(index * this.size);
  }
}

function initTaskBefore({ tables }: Pick<KernelLocation, 'tables'>, comm: VirtualAddress) {
  const name = readComm(tables, comm);
  if (name !== 'swapper' && name !== 'swapper/0') return undefined;
  const words = new Words(tables, comm - BigInt(COMM_REACH), COMM_REACH);
  let left = MOST_PARENTS;
  for (let index = 0; index + LEADER_AHEAD < words.count && left > 0; index += 1) {
    const address = words.at(index);
    if (address <= words.start || address > words.address(index)) continue;
    const own = address === words.at(index + 1) && address === words.at(index + LEADER_AHEAD);
    if (!own || address % BigInt(words.size) !== 0n) continue;
    left -= 1;
    const parentOffset = words.address(index) - address;
    const found = withTaskList(tables, words, { address, comm, parentOffset });
    if (found !== undefined) return { ...found, evidence: `its name is "${name}", ${found.evidence}` };
  }
  return undefined;
}

interface Shape {
  readonly address: VirtualAddress;
  readonly comm: VirtualAddress;
  readonly parentOffset: bigint;
}

/** Looks between the start of the structure and its name for the list that leads to the processes, and back. */
function withTaskList(
  tables: KernelLocation['tables'],
  words: Words,
  { address, comm, parentOffset }: Shape,
): FoundInitTask | undefined {
  const leaderOffset = parentOffset + BigInt(LEADER_AHEAD * words.size);
  const first = Number(address - words.start) / words.size;
  for (let index = first; index + 1 < words.count; index += 1) {
    const [next, back, here] = [words.at(index), words.at(index + 1), words.address(index)];
    if (next === here || !isList(tables, here, next, back)) continue;
    const offset = here - address;
    const child = next - offset;
    const isChild = readWord(tables, child + parentOffset) === address;
    const isLeader = readWord(tables, child + leaderOffset) === child;
    const name = readComm(tables, child + (comm - address));
    if (!isChild || !isLeader || name === undefined || name === '') continue;
    const evidence = `it is its own parent, and the list at ${formatAddress(here)} leads to its child "${name}" and back`;
    return { address, commOffset: Number(comm - address), tasksOffset: Number(offset), evidence };
  }
  return undefined;
}

function isList(
  tables: KernelLocation['tables'],
  here: VirtualAddress,
  next: VirtualAddress,
  back: VirtualAddress,
): boolean {
  const { architecture } = tables;
  if (!isPointer(architecture, next) || !isPointer(architecture, back)) return false;
  return readWord(tables, next + BigInt(architecture.wordSize)) === here && readWord(tables, back) === here;
}

function isPointer(architecture: Architecture, word: bigint): boolean {
  return word % BigInt(architecture.wordSize) === 0n && architecture.isKernelAddress(word);
}

/** A word at an aligned address; much is asked for that is not there, and no fault is made of it. */
function readWord(tables: KernelLocation['tables'], at: VirtualAddress): bigint | undefined {
  const size = tables.architecture.wordSize;
  const place = Number(at & 0xfffn);
  const view = at < 0n || place % size !== 0 ? undefined : tables.page(at)?.view;
  if (view === undefined) return undefined;
  return size === 8 ? view.getBigUint64(place, true) : BigInt(view.getUint32(place, true));
}

function readComm(tables: KernelLocation['tables'], at: VirtualAddress): string | undefined {
  if (at < 0n) return undefined;
  const { bytes, holes } = readPartial(tables, at, COMM_BYTES);
  return holes.length === 0 && bytes.includes(0) ? decodeCString(bytes) : undefined;
}
