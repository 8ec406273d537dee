import {
  attempt,
  decodeCString,
  type OsiError,
  type PhysicalAddress,
  type PhysicalMemory,
  readBytes,
  readPartial,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';
import { type Kallsyms, readKallsyms } from '../tables/kallsyms';
import type { KernelSource } from './kernel-source';
import { parseVmcoreinfo, readVmcoreinfoNote, type Vmcoreinfo } from './vmcoreinfo';
import { findOwnI386Root } from './x86/i386-roots';
import { eachCandidate } from './x86/kernel-location';
import type { KernelLocation } from './x86/location';

/** A kernel with its symbols. */
export interface LocatedKernel {
  /** Where it is. */
  readonly location: KernelLocation;
  /** Its symbol table; `undefined` if it has none, or none that can be read. */
  readonly symbols: Kallsyms | undefined;
  /** The reason for a missing symbol table. */
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
 * The kernel that a guest runs, or `undefined` if none is found.
 *
 * A kernel that was started to dump a crashed one (`elfcorehdr=` on its command line) is only taken if there
 * is no other. A kernel whose symbols can be read is taken before one that has none.
 *
 * @example
 * ```ts
 * declare const dump: Dump;
 * locateKernel(dump)?.location.form.name // => '4-level'
 * ```
 */
export function locateKernel(source: KernelSource): LocatedKernel | undefined {
  const others: LocatedKernel[] = [];
  for (const kernel of eachKernel(source)) {
    if (isWanted(kernel)) return kernel;
    others.push(kernel);
  }
  return bestOf(others);
}

/**
 * Every kernel in a guest's memory, the one that {@link locateKernel} takes first: after a crash the one that crashed,
 * then the one that was started to dump it. All of memory is read, and 8 kernels are looked into at most.
 *
 * @example
 * ```ts
 * declare const dump: Dump;
 * locateKernels(dump).map(({ location }) => location.form.name) // => ['4-level']
 * ```
 */
export function locateKernels(source: KernelSource): LocatedKernel[] {
  const found: LocatedKernel[] = [];
  for (const kernel of eachKernel(source)) {
    found.push(kernel);
    if (found.length === MOST_KERNELS) break;
  }
  const first = found.find(isWanted) ?? bestOf(found);
  return first === undefined ? [] : [first, ...found.filter((kernel) => kernel !== first)];
}

/** More than one that runs, one that dumps it, and remains of some that ran before. */
const MOST_KERNELS = 8;

function* eachKernel(source: KernelSource): Generator<LocatedKernel> {
  for (const { location, vmcoreinfo } of eachCandidate(source))
    yield describeKernel(source, location, vmcoreinfo);
}

function isWanted({ symbols, isCrashKernel }: LocatedKernel): boolean {
  return symbols !== undefined && !isCrashKernel;
}

function bestOf(kernels: readonly LocatedKernel[]): LocatedKernel | undefined {
  return kernels.find(({ symbols }) => symbols !== undefined) ?? kernels[0];
}

const COMMON = ['saved_command_line', 'vmcoreinfo_note'] as const;
// The top table of x86_64: Linux commit 65ade2f872b4 ("x86/boot/64: Rename init_level4_pgt and early_level4_pgt")
// (in v4.13) renamed it. Of 32 bits: arch/x86/kernel/head_32.S.
const TOP_TABLE = { 8: 'init_top_pgt', 4: 'swapper_pg_dir' } as const;

function describeKernel(
  { memory, vmcoreinfo: fromSource, symbols: wanted = [] }: KernelSource,
  found: KernelLocation,
  note: Vmcoreinfo | undefined,
): LocatedKernel {
  const { symbols, problem } = attempt(
    () => ({ symbols: readKallsyms({ memory, location: found, vmcoreinfo: note }), problem: undefined }),
    (error) => ({ symbols: undefined, problem: error }),
  );
  const topTable = TOP_TABLE[found.tables.architecture.wordSize];
  const addresses = symbols?.lookup([topTable, ...COMMON, ...wanted]) ?? new Map<string, VirtualAddress>();
  const location = withOwnRoot(found, ownRoot(memory, found, addresses.get(topTable)));
  const commandLine = readCommandLine(location.tables, addresses.get('saved_command_line'));
  const own = () => readNote(memory, location.tables, addresses.get('vmcoreinfo_note'));
  // A process can write such a note into its own memory; the kernel's symbol leads to the kernel's own.
  const vmcoreinfo = fromSource !== undefined ? (note ?? own()) : (own() ?? note);
  const isCrashKernel = /(?:^|\s)elfcorehdr=/.test(commandLine ?? '');
  return { location, symbols, problem, vmcoreinfo, commandLine, isCrashKernel };
}

/** A kernel's own root, and its name. Distributions' kernels of 32 bits have symbols of functions alone. */
function ownRoot(
  memory: PhysicalMemory,
  { tables, textBase, mapBase }: KernelLocation,
  symbol: VirtualAddress | undefined,
): readonly [PhysicalAddress | undefined, string] {
  if (symbol !== undefined) return [tables.translate(symbol), 'its symbol'];
  if (tables.architecture.wordSize === 8) return [undefined, ''];
  return [findOwnI386Root(memory, Number(textBase - mapBase), tables), 'the top table in its image'];
}

/** A kernel's own root in place of a process's: that of a process goes with it, and differs from dump to dump. */
function withOwnRoot(
  location: KernelLocation,
  [root, by]: readonly [PhysicalAddress | undefined, string],
): KernelLocation {
  if (root === undefined || root === location.root || root % location.form.rootAlignment !== 0)
    return location;
  const tables = location.tables.withRoot(root);
  const same = tables.translate(location.textBase) === location.tables.translate(location.textBase);
  if (!same) return location;
  const evidence = { ...location.evidence, root: `${by}, by ${location.evidence.root}` };
  const rivals = location.rivals.filter((rival) => rival.root !== root);
  return { ...location, root, tables, evidence, rivals };
}

function readCommandLine(tables: VirtualMemory, variable: VirtualAddress | undefined): string | undefined {
  const at = variable === undefined ? undefined : readPointer(tables, variable);
  if (at === undefined || !tables.architecture.isKernelAddress(at)) return undefined;
  const { bytes, holes } = readPartial(tables, at, LONGEST_COMMAND_LINE);
  const end = holes[0] === undefined ? bytes.length : Number(holes[0].at - at);
  const text = bytes.subarray(0, end);
  return text.includes(0) ? decodeCString(text) : undefined;
}

function readNote(
  memory: PhysicalMemory,
  tables: VirtualMemory,
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

function readPointer(tables: VirtualMemory, at: VirtualAddress): VirtualAddress | undefined {
  const bytes = attempt(
    () => readBytes(tables, at, tables.architecture.wordSize),
    () => undefined,
  );
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer);
  return bytes.length === 8 ? view.getBigUint64(0, true) : BigInt(view.getUint32(0, true));
}
