import {
  type Cpu,
  decodeCString,
  formatAddress,
  OsiError,
  type PhysicalAddress,
  type PhysicalMemory,
  readBytes,
  readPartial,
  type VirtualAddress,
} from '@osi-linux/core';
import { AddressSpace, linuxNonPresent, type PagingForm } from '@osi-linux/x86-mmu';
import { findImage } from './internal/image';
import { type Kallsyms, readKallsyms } from './kallsyms';
import { eachRoot, type KernelMeans, type RootCandidate } from './kernel-root';
import type { Evidence } from './symbol-table';
import { parseVmcoreinfo, readVmcoreinfoNote, type Vmcoreinfo } from './vmcoreinfo';

/** Where a kernel is in a guest's memory. */
export interface KernelLocation {
  /** The form of paging that its page tables are of. */
  readonly form: PagingForm;
  /** Physical address of its top page table. */
  readonly root: PhysicalAddress;
  /** Virtual memory through it. */
  readonly tables: AddressSpace;
  /** Virtual address at which its image begins: `_text`. */
  readonly textBase: VirtualAddress;
  /** By how many bytes KASLR moved the image from where distributions link it; `null` where that cannot be told. */
  readonly kaslrShift: bigint | null;
  /** The virtual address that {@link physBase} is for: `__START_KERNEL_map` of 64 bits, PAGE_OFFSET of 32 bits. */
  readonly mapBase: VirtualAddress;
  /** Physical address behind {@link mapBase}, signed: an address of the image less `mapBase`, plus this, is physical. */
  readonly physBase: bigint;
  /** What was found, and what says so. */
  readonly evidence: readonly Evidence[];
}

/** What a kernel is looked for in. */
export interface KernelSource {
  /** The guest's physical memory. */
  readonly memory: PhysicalMemory;
  /** Its processors, as far as the source has their registers. */
  readonly cpus?: readonly Cpu[];
  /** The text of its VMCOREINFO note, where the source has one. */
  readonly vmcoreinfo?: string | undefined;
  /** Its machine, where the source names it. */
  readonly machine?: 'x86_64' | 'i386' | undefined;
  /** Names that the caller goes on to look up: {@link locateKernel} looks for them on its own way, and they are kept. */
  readonly symbols?: readonly string[];
  /** What may lead to it; everything unless given. */
  readonly means?: readonly KernelMeans[];
}

/** A kernel with its symbols. */
export interface LocatedKernel {
  /** Where it is. */
  readonly location: KernelLocation;
  /** Its symbol table; `undefined` where it has none, or none that can be read. */
  readonly symbols: Kallsyms | undefined;
  /** Why there is no symbol table. */
  readonly problem: OsiError | undefined;
  /** Its VMCOREINFO note. */
  readonly vmcoreinfo: Vmcoreinfo | undefined;
  /** The command line that it was started with. */
  readonly commandLine: string | undefined;
  /** Whether it was started to dump another one, by its command line. */
  readonly isCrashKernel: boolean;
}

/** COMMAND_LINE_SIZE of x86, Linux arch/x86/include/asm/setup.h. */
const LONGEST_COMMAND_LINE = 2048;

/**
 * Every kernel that a guest's memory shows, without a profile: by the source's own VMCOREINFO note, by the registers of
 * its processors, by VMCOREINFO in its memory, by page tables in its memory that lead to an image and to themselves.
 *
 * What is found later is searched for only when it is asked for; the last two read all of memory.
 *
 * @example
 * ```ts
 * declare const dump: Dump;
 * const [first] = eachKernelLocation(dump);
 * [first?.form.name, first?.kaslrShift === null] // => ['4-level', false]
 * ```
 */
export function* eachKernelLocation(source: KernelSource): Generator<KernelLocation> {
  for (const { location } of eachCandidate(source)) yield location;
}

/**
 * The kernel that a guest runs, or `undefined` where none is found.
 *
 * A kernel that was started to dump a crashed one (`elfcorehdr=` on its command line) is only taken where there is no
 * other. A kernel whose symbols can be read is taken before one that has none.
 *
 * @example
 * ```ts
 * declare const dump: Dump;
 * locateKernel(dump)?.location.form.name // => '4-level'
 * ```
 */
export function locateKernel(source: KernelSource): LocatedKernel | undefined {
  const others: LocatedKernel[] = [];
  for (const { location, vmcoreinfo } of eachCandidate(source)) {
    const kernel = describeKernel(source, location, vmcoreinfo);
    if (kernel.symbols !== undefined && !kernel.isCrashKernel) return kernel;
    others.push(kernel);
  }
  return others.find(({ symbols }) => symbols !== undefined) ?? others[0];
}

interface Candidate {
  readonly location: KernelLocation;
  readonly vmcoreinfo: Vmcoreinfo | undefined;
}

function* eachCandidate(source: KernelSource): Generator<Candidate> {
  const seen = new Set<string>();
  for (const root of eachRoot(source)) {
    const location = locateThrough(source.memory, root);
    if (location === undefined) continue;
    const key = `${location.textBase} ${location.physBase} ${location.form.name}`;
    if (seen.has(key)) continue;
    seen.add(key);
    yield { location, vmcoreinfo: root.vmcoreinfo };
  }
}

/**
 * The kernel that a page-table root leads to, or `undefined` where it maps none.
 *
 * @example
 * ```ts
 * declare const dump: Dump;
 * findNamedRoots(dump).map((root) => locateThrough(dump.memory, root)?.form.name)[0] // => '4-level'
 * ```
 */
export function locateThrough(memory: PhysicalMemory, candidate: RootCandidate): KernelLocation | undefined {
  const { form, root, vmcoreinfo } = candidate;
  const tables = new AddressSpace(form, memory, root, linuxNonPresent());
  const image = findImage(tables, vmcoreinfo);
  if (image === undefined) return undefined;
  const { textBase, mapBase, physBase, linked, evidence } = image;
  const told = vmcoreinfo?.address('KERNELOFFSET');
  const kaslrShift = told ?? (linked === undefined ? null : textBase - linked);
  return {
    ...{ form, root, tables, textBase, kaslrShift, mapBase, physBase },
    evidence: [
      { what: 'page-table root', value: formatAddress(root), evidence: candidate.evidence },
      { what: 'kernel image', value: formatAddress(textBase), evidence },
      {
        what: 'kaslr shift',
        value: kaslrShift === null ? 'unknown' : formatAddress(kaslrShift),
        evidence: told === undefined ? 'where the image begins' : 'KERNELOFFSET of VMCOREINFO',
      },
    ],
  };
}

const COMMON = ['saved_command_line', 'vmcoreinfo_note'] as const;
// The top table of x86_64: Linux commit 65ade2f872b4 ("x86/boot/64: Rename init_level4_pgt and early_level4_pgt")
// (in v4.13) renamed it. Of 32 bits: arch/x86/kernel/head_32.S.
const TOP_TABLE = { 8: 'init_top_pgt', 4: 'swapper_pg_dir' } as const;

function describeKernel(
  { memory, symbols: wanted = [] }: KernelSource,
  found: KernelLocation,
  note: Vmcoreinfo | undefined,
): LocatedKernel {
  let symbols: Kallsyms | undefined;
  let problem: OsiError | undefined;
  try {
    symbols = readKallsyms({ memory, location: found, vmcoreinfo: note });
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    problem = error;
  }
  const topTable = TOP_TABLE[found.tables.architecture.wordSize];
  const addresses = symbols?.lookup([topTable, ...COMMON, ...wanted]) ?? new Map<string, VirtualAddress>();
  const location = withOwnRoot(found, addresses.get(topTable));
  const commandLine = readCommandLine(location.tables, addresses.get('saved_command_line'));
  const vmcoreinfo = note ?? readNote(memory, location.tables, addresses.get('vmcoreinfo_note'));
  const isCrashKernel = /(?:^|\s)elfcorehdr=/.test(commandLine ?? '');
  return { location, symbols, problem, vmcoreinfo, commandLine, isCrashKernel };
}

/** A kernel's own root in place of a process's: that of a process goes with it, and differs from dump to dump. */
function withOwnRoot(location: KernelLocation, table: VirtualAddress | undefined): KernelLocation {
  const root = table === undefined ? undefined : location.tables.translate(table);
  if (root === undefined || root === location.root || root % location.form.rootAlignment !== 0)
    return location;
  const tables = location.tables.withRoot(root);
  const same = tables.translate(location.textBase) === location.tables.translate(location.textBase);
  if (!same) return location;
  const [first, ...rest] = location.evidence;
  const evidence = `its symbol, by ${first?.evidence ?? 'another root'}`;
  return {
    ...location,
    root,
    tables,
    evidence: [{ what: 'page-table root', value: formatAddress(root), evidence }, ...rest],
  };
}

function readCommandLine(tables: AddressSpace, variable: VirtualAddress | undefined): string | undefined {
  const at = variable === undefined ? undefined : readPointer(tables, variable);
  if (at === undefined || !tables.architecture.isKernelAddress(at)) return undefined;
  const { bytes, holes } = readPartial(tables, at, LONGEST_COMMAND_LINE);
  const end = holes[0] === undefined ? bytes.length : Number(holes[0].at - at);
  const text = bytes.subarray(0, end);
  return text.includes(0) ? decodeCString(text) : undefined;
}

function readNote(
  memory: PhysicalMemory,
  tables: AddressSpace,
  variable: VirtualAddress | undefined,
): Vmcoreinfo | undefined {
  const at = variable === undefined ? undefined : readPointer(tables, variable);
  // Until v4.13 the variable is the note itself.
  for (const place of [at, variable]) {
    const physical = place === undefined ? undefined : tables.translate(place);
    const note = physical === undefined ? undefined : readVmcoreinfoNote(memory, physical);
    if (note !== undefined) return parseVmcoreinfo(note.text);
  }
  return undefined;
}

function readPointer(tables: AddressSpace, at: VirtualAddress): VirtualAddress | undefined {
  try {
    const bytes = readBytes(tables, at, tables.architecture.wordSize);
    const view = new DataView(bytes.buffer);
    return bytes.length === 8 ? view.getBigUint64(0, true) : BigInt(view.getUint32(0, true));
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    return undefined;
  }
}
