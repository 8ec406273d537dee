import {
  attempt,
  decodeCString,
  I386_PAGE_OFFSET,
  KASLR_STEP,
  KERNEL_IMAGE_WINDOW,
  offsetAddress,
  PAGE_SIZE,
  type PhysicalMemory,
  readPartial,
  START_KERNEL_MAP,
  type VirtualAddress,
} from '@osi-linux/core';
import { KERNELINFO_SCHEMA, type KernelInfo } from '@osi-linux/kconf';
import { StructView } from '@osi-linux/kstruct';
import { type KernelRoot, locateThrough } from '@osi-linux/symbols';
import { AddressSpace } from '@osi-linux/x86-mmu';

/** A profile with the addresses that its kernel has in this boot. */
export interface SlidProfile {
  /** The profile, its addresses moved. */
  readonly info: KernelInfo;
  /** By how many bytes they were moved; negative where the section is of a boot that was moved further. */
  readonly slide: bigint;
}

/** The direct map of x86_64 begins at a multiple of this, however KASLR moves it (Linux arch/x86/mm/kaslr.c). */
const DIRECT_MAP_ALIGNMENT = 1n << 30n;
/** Name and padding of pid 0; names of tasks have 16 bytes. */
const COMM_BYTES = 16;

/** Addresses that do not follow from the slide of the image: they are read anew in each boot. */
const PER_BOOT: ReadonlySet<string> = new Set(['task.per_cpu_offset_0_addr', 'kernel.page_offset_addr']);
const ADDRESS_KEYS = KERNELINFO_SCHEMA.filter(
  ({ kind, key }) => kind === 'address' && !PER_BOOT.has(key),
).map(({ key }) => key);

/**
 * A profile for the place of its kernel in memory, if KASLR moved it elsewhere than in the boot of the
 * section.
 *
 * Looks for pid 0 by its shape at each place to which `task.init_addr` may have been moved. Addresses in the
 * image move with it; other values that differ from boot to boot (where RAM is mapped, the base of the first
 * processor's variables) are read anew, and left out if they cannot be read. A section that was derived from
 * the kernel's files lacks these values, and gets them here. `undefined` if pid 0 is not at any of the
 * places.
 */
export function slideProfile(
  info: KernelInfo,
  memory: PhysicalMemory,
  by: KernelRoot,
): SlidProfile | undefined {
  const init = info['task.init_addr'];
  if (init === undefined) return undefined;
  const tables = new AddressSpace(by.form, memory, by.root);
  const start = imageStart(info, tables.architecture.wordSize);
  for (const slide of slides(locateThrough(memory, by)?.kaslrShift)) {
    const at = init + slide;
    if (at < start || at >= start + KERNEL_IMAGE_WINDOW || !isInitTask(info, tables, at)) continue;
    return { slide, info: slidInfo(info, tables, slide) };
  }
  return undefined;
}

/**
 * The slides of a 32-bit kernel that its direct map shows without any page tables: pid 0 is where the image, which is
 * mapped one to one with RAM, would have it.
 */
export function* eachDirectSlide(info: KernelInfo, memory: PhysicalMemory): Generator<bigint> {
  const { 'task.init_addr': init, 'task.comm_offset': comm } = info;
  const pageOffset = info['kernel.page_offset_addr'];
  if (init === undefined || comm === undefined || pageOffset === undefined || init >> 32n !== 0n) return;
  for (const slide of slides()) {
    const physical = init + slide - pageOffset + BigInt(comm);
    if (physical < 0n || physical >= KERNEL_IMAGE_WINDOW) continue;
    const at = Number(physical);
    const bytes = memory.page(Math.floor(at / PAGE_SIZE))?.bytes.subarray(at % PAGE_SIZE);
    if (bytes !== undefined && isInitName(bytes.subarray(0, COMM_BYTES))) yield slide;
  }
}

/** None first, then that of a section of a boot without KASLR, then ever further both ways. */
function* slides(kaslrShift?: bigint | null): Generator<bigint> {
  yield 0n;
  if (kaslrShift !== undefined && kaslrShift !== null) yield kaslrShift;
  for (let slide = KASLR_STEP; slide < KERNEL_IMAGE_WINDOW; slide += KASLR_STEP) {
    yield slide;
    yield -slide;
  }
}

function imageStart(info: KernelInfo, wordSize: 4 | 8): VirtualAddress {
  return wordSize === 8 ? START_KERNEL_MAP : (info['kernel.page_offset_addr'] ?? I386_PAGE_OFFSET);
}

function isInitTask(info: KernelInfo, tables: AddressSpace, at: VirtualAddress): boolean {
  const { 'task.comm_offset': comm, 'task.pid_offset': pid } = info;
  if (comm === undefined || pid === undefined || tables.page(offsetAddress(at, comm)) === undefined)
    return false;
  const name = readPartial(tables, offsetAddress(at, comm), COMM_BYTES);
  if (name.holes.length > 0 || !isInitName(name.bytes)) return false;
  const number = readPartial(tables, offsetAddress(at, pid), 4);
  return number.holes.length === 0 && number.bytes.every((byte) => byte === 0);
}

function isInitName(bytes: Uint8Array): boolean {
  return bytes.includes(0) && /^swapper(\/0)?$/.test(decodeCString(bytes));
}

function slidInfo(info: KernelInfo, tables: AddressSpace, slide: bigint): KernelInfo {
  const start = imageStart(info, tables.architecture.wordSize);
  const moved: Record<string, bigint | number | string> = { ...info };
  for (const key of ADDRESS_KEYS) {
    const value = moved[key];
    if (typeof value === 'bigint' && value >= start && value < start + KERNEL_IMAGE_WINDOW)
      moved[key] = value + slide;
  }
  const known: KernelInfo = moved;
  const again: readonly (readonly [keyof KernelInfo, () => bigint | number | undefined])[] = [
    ['task.per_cpu_offset_0_addr', () => firstPerCpuOffset(info, known, tables)],
    ['kernel.page_offset_addr', () => directMap(known, tables)],
    ['kernel.phys_base', () => physBase(known, tables)],
    ['kernel.pgtable_levels', () => tables.form.levels.length],
  ];
  // PANDA's sections have no keys of this project, and stay without them.
  const isOurs = info['kernel.swapper_pg_dir_addr'] !== undefined;
  for (const [key, read] of again) {
    if (info[key] === undefined && !isOurs) continue;
    const value = read();
    if (value === undefined) delete moved[key];
    else moved[key] = value;
  }
  return moved;
}

/**
 * From the table of all processors where the section has it. A section without the table keeps the number that PANDA
 * reads in its place, for as long as its kernel has not moved: it depends on the machine, too.
 */
function firstPerCpuOffset(
  section: KernelInfo,
  moved: KernelInfo,
  tables: AddressSpace,
): VirtualAddress | undefined {
  const table = moved['task.per_cpu_offsets_addr'];
  if (table !== undefined && table !== 0n) return wordAt(tables, table);
  return moved['task.init_addr'] === section['task.init_addr']
    ? section['task.per_cpu_offset_0_addr']
    : undefined;
}

/** Where RAM is mapped: that of a process's structure, which is allocated there, leads back to it. */
function directMap(info: KernelInfo, tables: AddressSpace): bigint | undefined {
  if (tables.architecture.wordSize === 4) return info['kernel.page_offset_addr'];
  const { 'task.init_addr': init, 'task.tasks_offset': tasks } = info;
  if (init === undefined || tasks === undefined) return undefined;
  const next = wordAt(tables, offsetAddress(init, tasks));
  const physical = next === undefined ? undefined : tables.translate(next);
  if (next === undefined || physical === undefined) return undefined;
  const base = next - BigInt(physical);
  return base % DIRECT_MAP_ALIGNMENT === 0n ? base : undefined;
}

function physBase(info: KernelInfo, tables: AddressSpace): number | undefined {
  if (tables.architecture.wordSize === 4) return info['kernel.phys_base'];
  const init = info['task.init_addr'];
  const physical = init === undefined ? undefined : tables.translate(init);
  if (init === undefined || physical === undefined) return undefined;
  return physical - Number(init - START_KERNEL_MAP);
}

function wordAt(tables: AddressSpace, at: VirtualAddress | undefined): bigint | undefined {
  if (at === undefined) return undefined;
  return attempt(
    () => new StructView(tables, at).word(0),
    () => undefined,
  );
}
