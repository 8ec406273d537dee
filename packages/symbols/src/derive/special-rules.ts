import { decodeCString } from '@osi-linux/core';
import { type Derivation, type Derived, isMissing } from './derivation';
import { SWAP_TYPE_SYMBOLS, swapTypeNumber } from './swap-type-numbers';
import { readVersionNote, VDSO_SYMBOLS } from './version-note';

/**
 * How to derive a key that no member, symbol or enum alone gives; `undefined` leaves it to the expressions.
 */
type Rule = (derivation: Derivation) => Derived | undefined;

/** Functions that set FMODE_NONOTIFY_PERM, by the names that they have had. */
const FSNOTIFY_MODE = ['file_set_fsnotify_mode', 'file_set_fsnotify_mode_from_watchers'] as const;

/** A part of a name: it becomes a line of a file. */
const PRINTABLE = /^[^\p{Cc}\p{Cs}]+$/u;

/** LINUX_VERSION_CODE has a byte for the third number, and this where it is larger. */
const LARGEST_SUBLEVEL = 255;

/** Symbols that the rules ask for. */
export const RULE_SYMBOLS: readonly string[] = [
  ...SWAP_TYPE_SYMBOLS,
  ...VDSO_SYMBOLS,
  ...FSNOTIFY_MODE,
  '__per_cpu_offset',
  'init_uts_ns',
  'page_offset_base',
  'phys_base',
];

/** The rules by key. */
export const SPECIAL_RULES: Readonly<Record<string, Rule>> = {
  name: nameOrGiven,
  'version.a': (derivation) => versionPart(derivation, 0),
  'version.b': (derivation) => versionPart(derivation, 1),
  'version.c': (derivation) => versionPart(derivation, 2),
  'task.per_cpu_offset_0_addr': perCpuOffset,
  'kernel.phys_base': physBase,
  'kernel.swapper_pg_dir_addr': swapperFromNote,
  'kernel.page_offset_addr': pageOffset,
  'kernel.pgtable_levels': pgtableLevels,
  'swap.SWP_MIGRATION_READ': (derivation) => swapTypeNumber('SWP_MIGRATION_READ', derivation),
  'swap.SWP_MIGRATION_WRITE': (derivation) => swapTypeNumber('SWP_MIGRATION_WRITE', derivation),
  'swap.SWP_HWPOISON': (derivation) => swapTypeNumber('SWP_HWPOISON', derivation),
  'swap.SWP_DEVICE_WRITE': (derivation) => swapTypeNumber('SWP_DEVICE_WRITE', derivation),
  // include/linux/sched.h; the same bit since v2.6.27.
  'task.PF_KTHREAD': (derivation) => constantWith(derivation, 'task_struct.flags', 0x200000),
  // include/linux/sched.h
  'task.PF_WQ_WORKER': (derivation) => constantWith(derivation, 'worker.desc', 0x20),
  // include/linux/mm.h; the same bits in every kernel.
  'vma.VM_READ': (derivation) => constantWith(derivation, 'vm_area_struct.vm_flags', 0x1),
  'vma.VM_WRITE': (derivation) => constantWith(derivation, 'vm_area_struct.vm_flags', 0x2),
  'vma.VM_EXEC': (derivation) => constantWith(derivation, 'vm_area_struct.vm_flags', 0x4),
  'vma.VM_MAYSHARE': (derivation) => constantWith(derivation, 'vm_area_struct.vm_flags', 0x80),
  'vma.initial_heap_touches': initialHeapTouches,
  // include/linux/maple_tree.h
  'maple_tree.MT_FLAGS_HEIGHT_OFFSET': (derivation) => constantWith(derivation, 'maple_tree.ma_flags', 2),
  'maple_tree.MT_FLAGS_HEIGHT_MASK': (derivation) => constantWith(derivation, 'maple_tree.ma_flags', 0x7c),
  'maple_tree.MAPLE_NODE_SLOTS': mapleNodeSlots,
  'maple_node.slot_offset': mapleNodeSlot,
  'fs.FMODE_BACKING': backingFileMode,
  'log.log_buf_addr': onlyWithOldLog,
  'log.log_buf_len_addr': onlyWithOldLog,
  'log.log_first_idx_addr': onlyWithPrintkLog,
  'log.log_next_idx_addr': onlyWithPrintkLog,
};

function nameOrGiven(derivation: Derivation): Derived {
  const found = kernelName(derivation);
  const { name } = derivation.sources;
  if (!isMissing(found) || name === undefined || !PRINTABLE.test(name)) return found;
  return { value: name, evidence: "the kernel's banner" };
}

function kernelName(derivation: Derivation): Derived {
  const uts = derivation.symbol('init_uts_ns');
  const base = derivation.offset('uts_namespace.name');
  if (uts === undefined || base === undefined) return { missing: 'this kernel has no init_uts_ns' };
  const parts: string[] = [];
  for (const field of ['release', 'version', 'machine']) {
    const member = derivation.types.member(`new_utsname.${field}`);
    if (member?.size === undefined || member.size > 256) return { missing: 'this kernel has no new_utsname' };
    const bytes = derivation.readBytes(uts + BigInt(base + member.offset), member.size);
    if (isMissing(bytes)) return bytes;
    const text = decodeCString(bytes);
    if (!PRINTABLE.test(text)) return { missing: `new_utsname.${field} in init_uts_ns is not text` };
    parts.push(text);
  }
  return { value: parts.join('|'), evidence: 'init_uts_ns' };
}

/** Of LINUX_VERSION_CODE, as the vdso has it; else of the release, which distributions do not always raise. */
function versionPart(derivation: Derivation, part: 0 | 1 | 2): Derived {
  const code = readVersionNote(derivation);
  if (!isMissing(code)) {
    const value = part === 0 ? code >>> 16 : (code >>> (part === 1 ? 8 : 0)) & 0xff;
    return { value, evidence: 'the note "Linux" of the vdso' };
  }
  const [release = '', version = ''] = String(derivation.values.get('name') ?? '').split('|');
  const digits = /^(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?/.exec(release);
  if (digits === null) return code;
  const sublevel = part === 2 ? packageSublevel(derivation, release, version) : undefined;
  if (sublevel !== undefined) return { value: sublevel, evidence: 'the version in its name' };
  return { value: Number(digits[part + 1] ?? 0), evidence: 'the release in its name' };
}

/**
 * The third number as the version of a distribution's package has it behind the first two, `Debian 6.1.140-1`: for
 * files without a vdso, which do not contain it elsewhere.
 */
function packageSublevel({ sources }: Derivation, release: string, version: string): number | undefined {
  const [, branch = ''] = /^(\d+\.\d+)/.exec(release) ?? [];
  const found = sources.fromFiles === true ? /\s(\d+\.\d+)\.(\d{1,3})-/.exec(version) : null;
  return found?.[1] === branch ? Math.min(Number(found[2]), LARGEST_SUBLEVEL) : undefined;
}

/** Each boot places them anew: the image of the kernel has only the values that serve until then. */
function perCpuOffset(derivation: Derivation): Derived {
  if (derivation.sources.fromFiles !== true) return pointedBy(derivation, '__per_cpu_offset');
  return { value: 0n, evidence: 'only a running kernel has it: task.per_cpu_offsets_addr leads to it' };
}

function pointedBy(derivation: Derivation, name: string): Derived {
  const address = derivation.symbol(name);
  if (address === undefined) return { missing: `this kernel has no symbol ${name}` };
  const value = derivation.readWord(address);
  return isMissing(value) ? value : { value, evidence: name };
}

function physBase({ sources }: Derivation): Derived {
  const { location } = sources;
  if (location === undefined) return { missing: 'where the image lies in physical memory is not known' };
  if (location.form.architecture.wordSize !== 8) return { missing: 'kernels of 32 bits have no phys_base' };
  return { value: Number(location.physBase) };
}

/** The expressions find the symbol; VMCOREINFO names it where the symbols lack it. */
function swapperFromNote(derivation: Derivation): Derived | undefined {
  if (derivation.symbol('swapper_pg_dir', 'init_top_pgt', 'init_level4_pgt') !== undefined) return undefined;
  const value = derivation.sources.vmcoreinfo?.address('SYMBOL(swapper_pg_dir)');
  return value === undefined ? undefined : { value, evidence: 'VMCOREINFO' };
}

function pageOffset(derivation: Derivation): Derived {
  const { location, fromFiles } = derivation.sources;
  if (fromFiles === true) return { missing: 'differs from boot to boot' };
  if (derivation.symbol('page_offset_base') !== undefined) return pointedBy(derivation, 'page_offset_base');
  if (location === undefined || location.form.architecture.wordSize !== 8) {
    return { missing: 'this kernel has no symbol page_offset_base' };
  }
  // Where it cannot move, arch/x86/include/asm/page_64_types.h, since Linux commit d52888aa2753 ("x86/mm: Move LDT
  // remap out of KASLR region on 5-level paging") (in v4.20), which is older than BTF.
  const value = location.form.levels.length === 5 ? 0xff11000000000000n : 0xffff888000000000n;
  return { value, evidence: 'this kernel does not move its direct map' };
}

function pgtableLevels({ sources }: Derivation): Derived {
  const { location } = sources;
  if (location === undefined) return { missing: 'the form of paging is not known' };
  return { value: location.form.levels.length, evidence: `paging in ${location.form.name} form` };
}

/**
 * The slots of a dense node fill it behind the pointer to its parent (include/linux/maple_tree.h). Symbols for
 * Volatility 3 lack them: of several structures without a name at one place dwarf2json keeps the last.
 */
function mapleNodeSlot({ types }: Derivation): Derived | undefined {
  const pointer = types.member('maple_range_64.parent')?.size;
  if (pointer === undefined || types.sizeOf('maple_node') === undefined) return undefined;
  if (types.member('maple_node.slot') !== undefined) return undefined;
  return { value: pointer, evidence: 'behind the parent of a maple_node' };
}

function mapleNodeSlots(derivation: Derivation): Derived | undefined {
  const slot = mapleNodeSlot(derivation);
  const size = derivation.types.sizeOf('maple_node') ?? 0;
  if (slot === undefined || isMissing(slot)) return undefined;
  return { value: size / Number(slot.value) - 1, evidence: 'the bytes of a maple_node behind its parent' };
}

/** A constant that is the same in every kernel that has a member. */
function constantWith(derivation: Derivation, mark: string, value: number): Derived {
  if (derivation.offset(mark) === undefined) return { missing: `this kernel has no ${mark}` };
  return { value, evidence: mark };
}

/**
 * The comparison in vma_is_initial_heap() became strict in the release in which Linux commit 8e1f385104ac
 * ("kill task_struct->thread_group") (in v6.7) took that member away.
 */
function initialHeapTouches(derivation: Derivation): Derived {
  if (derivation.types.sizeOf('task_struct') === undefined) {
    return { missing: 'this kernel has no structure task_struct' };
  }
  const older = derivation.offset('task_struct.thread_group') !== undefined;
  return { value: older ? 1 : 0, evidence: `${older ? 'with' : 'without'} task_struct.thread_group` };
}

/**
 * FMODE_BACKING was bit 25 when it came, and is bit 24 since files can be opened without permission events, in v6.14
 * and stable kernels that took this over.
 */
function backingFileMode(derivation: Derivation): Derived {
  if (derivation.types.sizeOf('backing_file') === undefined) {
    return { missing: 'this kernel has no structure backing_file' };
  }
  const marks = [
    ...FSNOTIFY_MODE.filter((name) => derivation.symbol(name) !== undefined),
    ...['dentry.d_shortname'].filter((path) => derivation.offset(path) !== undefined),
  ];
  const [mark] = marks;
  return mark === undefined
    ? { value: 1 << 25, evidence: `without ${FSNOTIFY_MODE[0]}` }
    : { value: 1 << 24, evidence: mark };
}

/**
 * The characters before
 * Linux commit 7ff9554bb578 ("printk: convert byte-buffer to variable-length record buffer") (in v3.5) had no structure.
 */
function onlyWithOldLog(derivation: Derivation): Derived | undefined {
  return derivation.symbol('logged_chars') === undefined ? onlyWithPrintkLog(derivation) : undefined;
}

/** Linux commit 896fbe20b4e2 ("printk: use the lockless ringbuffer") (in v5.10) left buffers of these names. */
function onlyWithPrintkLog(derivation: Derivation): Derived | undefined {
  if (derivation.types.sizeOf('printk_log') !== undefined) return undefined;
  return { missing: 'this kernel has no structure printk_log' };
}
