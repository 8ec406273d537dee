import type { MappingTruth } from './layout-truth';
import type { SectionKeys } from './section-keys';
import type { AddressSpaceLayout, VmaPlan } from './structs/address-space-layout';

/** A mapping with what its row shows of it. */
export interface MappingPlan extends VmaPlan {
  readonly path: string | null;
  readonly name: string;
  readonly perms: string;
  /** Bytes at its start that are not shown. */
  readonly hidden?: bigint;
}

/** A file to map, and its path. */
export interface MappedFilePlan {
  readonly file: bigint;
  readonly path: string;
}

/** The files of an address space; `shared` is anonymous memory that is shared, if there is any. */
export interface MappedFilesPlan {
  readonly exe: MappedFilePlan;
  readonly library: MappedFilePlan;
  readonly shared?: MappedFilePlan;
}

/** The mappings of an address space, its heap and the start of its stack. */
export interface MappingsPlan {
  readonly mappings: readonly MappingPlan[];
  readonly heap: readonly [bigint, bigint];
  readonly stack: bigint;
  /** An address in memory without a name, for the stack pointer of a further thread. */
  readonly threadStack: bigint;
}

const PAGE = 4096n;
const PLACES = {
  4: { exe: 0x08048000n, heap: 0x0969d000n, library: 0xb7571000n, vdso: 0xb7727000n, stack: 0xbfb3d000n },
  8: {
    exe: 0x400000n,
    heap: 0x1a2b000n,
    library: 0x7f14d6000000n,
    vdso: 0x7ffdb65fe000n,
    stack: 0x7ffdb6420000n,
  },
} as const;
/** VM_MAYREAD, VM_MAYWRITE and VM_MAYEXEC. */
const MAY = 0x70n;
const FLAGS: Readonly<Record<string, bigint>> = { r: 1n, w: 2n, x: 4n, s: 0x88n };
const VM_GROWSDOWN = 0x100n;

/** The mappings of a program, ascending. */
export function planMappings(keys: SectionKeys, { exe, library, shared }: MappedFilesPlan): MappingsPlan {
  const at = PLACES[keys.wordSize];
  const text = mapFile(exe, at.exe, [
    ['r-xp', 2, 0],
    ['rw-p', 1, 1],
  ]);
  const libc = mapFile(library, at.library, [
    ['r-xp', 5, 0],
    ['---p', 2, 5],
    ['r--p', 2, 5],
    ['rw-p', 1, 7],
  ]);
  const further = shared === undefined ? [] : mapFile(shared, at.library + 0x40000n, [['rw-s', 3, 0]]);
  const heap = anonymous(at.heap, 0x21, 'rw-p', '[heap]');
  const stack = anonymous(at.stack, 33, 'rw-p', '[stack]');
  const hidden = keys.has('vma.stack_guard_page_flag') ? PAGE : 0n;
  const unnamed = unnamedMemory(keys, at.library + 0x80000n);
  const mappings = [
    ...[...text, heap, ...libc, ...further, anonymous(at.library + 0x80000n, 4, 'rw-p', '[???]')],
    ...[{ ...stack, flags: stack.flags | VM_GROWSDOWN, hidden }, vdso(keys, at.vdso)],
  ];
  mappings.sort((one, other) => (one.start < other.start ? -1 : 1));
  return {
    mappings,
    heap: [heap.start, heap.end - 0x800n],
    stack: stack.end - 0x1e40n,
    threadStack: unnamed.start + 0x1ff8n,
  };
}

/** The rows of the mappings of a process. The stack of a further thread is named by it where the kernel does so. */
export function mappingRows(
  pid: number,
  plan: MappingsPlan,
  { vmas }: AddressSpaceLayout,
  furtherThread?: number,
): MappingTruth[] {
  const isThreads = ({ start, end }: MappingPlan) => start <= plan.threadStack && plan.threadStack < end;
  const nameOf = (mapping: MappingPlan) =>
    furtherThread !== undefined && isThreads(mapping) ? `[stack:${furtherThread}]` : mapping.name;
  return plan.mappings.map((mapping, index) => ({
    pid,
    modd: vmas[index] as bigint,
    base: mapping.start + (mapping.hidden ?? 0n),
    size: Number(mapping.end - mapping.start - (mapping.hidden ?? 0n)),
    file: mapping.path,
    name: nameOf(mapping),
    offset: BigInt(mapping.pgoff ?? 0) * PAGE,
    flags: mapping.flags,
    perms: mapping.perms,
  }));
}

type Part = readonly [perms: string, pages: number, pgoff: number];

function mapFile({ file, path }: MappedFilePlan, from: bigint, parts: readonly Part[]): MappingPlan[] {
  let start = from;
  const name = path.replace(/ \(deleted\)$/, '').replace(/^.*\//, '');
  return parts.map(([perms, pages, pgoff]) => {
    const vma = { ...anonymous(start, pages, perms, name), file, path, pgoff };
    start = vma.end;
    return vma;
  });
}

function anonymous(start: bigint, pages: number, perms: string, name: string): MappingPlan {
  const flags = [...perms].reduce((sum, letter) => sum | (FLAGS[letter] ?? 0n), MAY);
  return { start, end: start + BigInt(pages) * PAGE, flags, perms, path: null, name };
}

/** Anonymous memory, with the program's own name for it where the kernel keeps one. */
function unnamedMemory(keys: SectionKeys, start: bigint): MappingPlan {
  if (!keys.has('vma.anon_name_offset')) return anonymous(start, 4, 'rw-p', '[???]');
  return { ...anonymous(start, 4, 'rw-p', '[anon:a pool]'), anonName: 'a pool' };
}

/** The kernel's own mapping, which a section without keys for it does not know. */
function vdso(keys: SectionKeys, start: bigint): MappingPlan {
  const isKnown = keys.has('vma.special_mapping_vmops_addr') || keys.has('mm.vdso_offset');
  return { ...anonymous(start, 1, 'r-xp', isKnown ? '[vdso]' : '[???]'), special: '[vdso]' };
}
