import { OsiError } from '@osi-linux/core';
import type { GuestSpec } from './guest';

/** A guest that the tests boot. */
export interface TableGuest extends GuestSpec {
  /** Its name in tests, reports and recorded guests: `debian-12-amd64`. */
  readonly name: string;
  /** Whether every landing boots it; the others are booted by `pnpm guests:all`. */
  readonly core: boolean;
  /** The form of its page tables, as `osi-linux identify` names it. */
  readonly paging: 'i386' | 'pae' | '4-level' | '5-level';
  /** Keys of the kernel module that this kernel has no answer to. */
  readonly absentKeys: readonly string[];
  /** The text that its kernel log must contain, so that the guest is the one that its name promises. */
  readonly logSays: RegExp;
}

const MACHINE = {
  cpus: 2,
  memoryMiB: 256,
  kaslr: true,
  state: 'spinning',
  stops: true,
  core: false,
} as const;

/** The order of mappings: a list and a tree of their own until v6.1, a maple tree since. */
const VMA_LIST = [
  ...['mm.mmap_offset', 'mm.mm_rb_offset'],
  ...['vma.vm_next_offset', 'vma.vm_prev_offset', 'vma.vm_rb_offset'],
] as const;
const MAPLE_TREE = [
  ...['mm.mm_mt_offset', 'maple_tree.ma_root_offset', 'maple_tree.ma_flags_offset'],
  ...['maple_tree.MT_FLAGS_HEIGHT_OFFSET', 'maple_tree.MT_FLAGS_HEIGHT_MASK'],
  ...['maple_tree.maple_dense', 'maple_tree.maple_leaf_64', 'maple_tree.maple_range_64'],
  ...['maple_tree.maple_arange_64', 'maple_tree.MAPLE_NODE_SLOTS', 'maple_tree.MAPLE_RANGE64_SLOTS'],
  ...['maple_tree.MAPLE_ARANGE64_SLOTS', 'maple_node.slot_offset', 'maple_range_64.pivot_offset'],
  ...['maple_range_64.slot_offset', 'maple_range_64.meta_offset', 'maple_arange_64.pivot_offset'],
  ...['maple_arange_64.slot_offset', 'maple_arange_64.meta_offset', 'maple_metadata.end_offset'],
] as const;
/** The layout of a module: one piece until v6.4, kinds of memory since. */
const MODULE_LAYOUT = [
  'module.core_base_offset',
  'module.core_size_offset',
  'module.init_size_offset',
] as const;
const MODULE_MEMORY = [
  ...['module.mem_offset', 'module_memory.size', 'module_memory.base_offset', 'module_memory.size_offset'],
  ...['module.MOD_TEXT', 'module.MOD_MEM_NUM_TYPES'],
] as const;
/** Files behind others have two paths since v6.8. */
const BACKING_FILE = ['fs.FMODE_BACKING', 'fs.user_path_mnt_offset', 'fs.user_path_dentry_offset'] as const;
/** The kernel log until v5.10. */
const LOG_BUF = [
  ...['log.log_buf_addr', 'log.log_buf_len_addr', 'log.log_first_idx_addr', 'log.log_next_idx_addr'],
  ...['log.log_end_addr', 'log.logged_chars_addr'],
  ...['printk_log.size', 'printk_log.ts_nsec_offset', 'printk_log.len_offset', 'printk_log.text_len_offset'],
] as const;
/** Sockets, ids, stacks, names and programs as they were before v4.20. */
const OLD_KERNELS = [
  ...['inet_sock.pinet6_offset', 'ipv6_pinfo.rcv_saddr_offset', 'ipv6_pinfo.daddr_offset'],
  ...['pid_ns.rnode_offset', 'radix_tree_node.shift_offset', 'radix_tree_node.slots_offset'],
  ...['radix_tree_node.RADIX_TREE_MAP_SIZE', 'pid.numbers_offset', 'upid.nr_offset', 'upid.ns_offset'],
  ...['upid.pid_chain_offset', 'vma.stack_guard_page_flag', 'path.DCACHE_UNHASHED'],
  ...['vma.thread_stacks_in_process', 'vma.thread_stacks_in_thread', 'task.stack_sp_offset'],
  ...[
    'task.usersp_offset',
    'thread_info.flags_offset',
    'thread_info.TIF_IA32',
    'mm.num_exe_file_vmas_offset',
  ],
] as const;

/** Keys without an answer, by the kernels here. Names of anonymous mappings came in v5.17, and Debian has none. */
const ABSENT = {
  '5.10': [
    ...['vma.anon_name_offset', 'anon_vma_name.name_offset'],
    ...['task.worker_private_offset', 'kthread.full_name_offset'],
    ...[...MAPLE_TREE, ...MODULE_MEMORY, ...BACKING_FILE, ...LOG_BUF, ...OLD_KERNELS],
  ],
  '6.1': [...VMA_LIST, ...MODULE_MEMORY, ...BACKING_FILE, ...LOG_BUF, ...OLD_KERNELS],
  '6.12': [
    ...['task.thread_group_offset', 'vma.anon_name_offset'],
    ...[...VMA_LIST, ...MODULE_LAYOUT, ...LOG_BUF, ...OLD_KERNELS],
  ],
} as const;
/** Of Debian's kernels only the newest can have pages in the memory of devices (CONFIG_DEVICE_PRIVATE). */
const NO_DEVICE = ['swap.SWP_DEVICE_WRITE'] as const;
/** Kernels of 32 bits have their image in the direct map, without a base of its own. */
const ABSENT_I386 = ['kernel.phys_base', ...NO_DEVICE] as const;
/**
 * Part of the RAM lies above 4 GiB, and so does a kernel of 64 bits, for which there is hardly space below.
 */
const SPLIT_I386 = 'pc,max-ram-below-4g=128M';
const SPLIT_AMD64 = 'pc,max-ram-below-4g=96M';
const RAM_ABOVE_4G = /BIOS-e820: \[mem 0x0*100000000-0x[0-9a-f]+\] usable/;

const BULLSEYE_I386 = {
  ...MACHINE,
  suite: 'bullseye',
  arch: 'i386',
  absentKeys: [...ABSENT['5.10'], ...ABSENT_I386],
} as const;
const BOOKWORM = {
  ...MACHINE,
  suite: 'bookworm',
  arch: 'amd64',
  kernelPackage: 'linux-image-amd64',
  paging: '4-level',
  absentKeys: [...ABSENT['6.1'], ...NO_DEVICE],
  logSays: /Linux version 6\.1\./,
} as const;

const BOOKWORM_I386 = {
  ...BOOKWORM,
  arch: 'i386',
  kernelPackage: 'linux-image-686-pae',
  paging: 'pae',
  absentKeys: [...ABSENT['6.1'], ...ABSENT_I386],
} as const;

/** Every guest that the tests boot; KASLR is on in all but one. A further kernel is one more row. */
export const GUEST_TABLE: readonly TableGuest[] = [
  {
    ...BULLSEYE_I386,
    name: 'debian-11-686',
    kernelPackage: 'linux-image-686',
    paging: 'i386',
    logSays: /Linux version 5\.10\.[^\n]*-686 /,
  },
  {
    ...BULLSEYE_I386,
    name: 'debian-11-686-pae',
    kernelPackage: 'linux-image-686-pae',
    paging: 'pae',
    core: true,
    logSays: /Linux version 5\.10\.[^\n]*-686-pae /,
  },
  {
    ...BULLSEYE_I386,
    name: 'debian-11-686-pae-highmem',
    kernelPackage: 'linux-image-686-pae',
    paging: 'pae',
    appendCommandLine: 'highmem=64M',
    logSays: /\b64MB HIGHMEM available/,
  },
  {
    ...BOOKWORM,
    name: 'debian-11-amd64',
    suite: 'bullseye',
    absentKeys: [...ABSENT['5.10'], ...NO_DEVICE],
    logSays: /Linux version 5\.10\.[^\n]*-amd64 /,
  },
  { ...BOOKWORM, name: 'debian-12-amd64', core: true },
  { ...BOOKWORM, name: 'debian-12-amd64-idle', state: 'idle', core: true },
  { ...BOOKWORM, name: 'debian-12-amd64-nokaslr', kaslr: false, logSays: /Command line: [^\n]*\bnokaslr\b/ },
  { ...BOOKWORM, name: 'debian-12-amd64-split', machine: SPLIT_AMD64, logSays: RAM_ABOVE_4G },
  {
    ...BOOKWORM_I386,
    name: 'debian-12-686-pae',
    logSays: /Linux version 6\.1\.[^\n]*-686-pae /,
  },
  { ...BOOKWORM_I386, name: 'debian-12-686-pae-above-4g', machine: SPLIT_I386, logSays: RAM_ABOVE_4G },
  {
    ...BOOKWORM,
    name: 'debian-12-amd64-numa',
    // The kernel marks pages of processes PROT_NONE, to see from which node they are used.
    numaNodes: 2,
    logSays: /Enabling automatic NUMA balancing/,
  },
  { ...BOOKWORM, name: 'debian-12-amd64-5-level', cpu: 'max', paging: '5-level' },
  {
    ...BOOKWORM,
    name: 'debian-12-amd64-pti',
    // Meltdown is Intel's: on this model the kernel would isolate its page tables without an option, too.
    cpu: 'qemu64,vendor=GenuineIntel',
    appendCommandLine: 'pti=on',
    logSays: /Kernel\/User page tables isolation: (force )?enabled/,
  },
  {
    ...BOOKWORM,
    name: 'debian-12-amd64-cloud',
    kernelPackage: 'linux-image-cloud-amd64',
    absentKeys: [...ABSENT['6.1'], 'swap.SWP_HWPOISON', ...NO_DEVICE],
    logSays: /Linux version 6\.1\.[^\n]*-cloud-amd64 /,
  },
  {
    ...BOOKWORM,
    name: 'debian-12-amd64-rt',
    kernelPackage: 'linux-image-rt-amd64',
    logSays: /Linux version 6\.1\.[^\n]* PREEMPT_RT /,
  },
  {
    ...BOOKWORM,
    name: 'debian-13-amd64',
    suite: 'trixie',
    absentKeys: [...ABSENT['6.12'], ...NO_DEVICE],
    logSays: /Linux version 6\.12\./,
  },
  {
    ...BOOKWORM,
    name: 'debian-13-amd64-backports',
    suite: 'trixie-backports',
    absentKeys: ABSENT['6.12'],
    logSays: /Linux version ([7-9]|\d\d)\./,
  },
  {
    ...BOOKWORM,
    name: 'debian-sid-amd64',
    suite: 'sid',
    absentKeys: ABSENT['6.12'],
    core: true,
    logSays: /Linux version ([7-9]|\d\d)\./,
  },
];

/**
 * The guests that are wanted: `core`, `all`, or names separated by commas.
 *
 * @throws OsiError `GUEST_NAME_UNKNOWN` for a name that is not in the table.
 *
 * @example
 * ```ts
 * chooseGuests('debian-11-686,debian-13-amd64').map(({ name }) => name)
 * // => ['debian-11-686', 'debian-13-amd64']
 * chooseGuests('debian-1') // throws GUEST_NAME_UNKNOWN
 * ```
 */
export function chooseGuests(choice: string): TableGuest[] {
  if (choice === 'all') return [...GUEST_TABLE];
  if (choice === 'core') return GUEST_TABLE.filter(({ core }) => core);
  return choice.split(',').map((name) => {
    const guest = GUEST_TABLE.find((candidate) => candidate.name === name);
    if (guest !== undefined) return guest;
    const known = GUEST_TABLE.map((candidate) => candidate.name);
    throw new OsiError('GUEST_NAME_UNKNOWN', `there is no guest "${name}"`, {
      hint: `choose core, all, or of these: ${known.join(', ')}`,
      fields: { name, known },
    });
  });
}

/** The settings of a guest that shape it, without the other facts that the tests know about it. */
export function guestSpec(guest: TableGuest): GuestSpec {
  const { core: _core, paging: _paging, absentKeys: _absent, logSays: _says, ...spec } = guest;
  return spec;
}

/** The guests that this run of the tests is about: those of `OSI_LINUX_GUESTS`, else the core set. */
export function guestsOfThisRun(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): TableGuest[] {
  return chooseGuests(environment['OSI_LINUX_GUESTS'] || 'core');
}
