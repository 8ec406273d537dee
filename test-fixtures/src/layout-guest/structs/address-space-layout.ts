import type { PageTableBuilder } from '../../fake-memory';
import type { GuestMemory } from '../guest-memory';
import { allocateStruct, type GuestStruct } from './guest-struct';
import { layOutMapleTree } from './maple-layout';

/** A mapping to lay out. */
export interface VmaPlan {
  readonly start: bigint;
  readonly end: bigint;
  readonly flags: bigint;
  /** The `struct file`, virtual. */
  readonly file?: bigint;
  /** Where in the file it starts, in pages. */
  readonly pgoff?: number;
  /** The name of a mapping of the kernel's own. */
  readonly special?: string;
  /** The name that the program gave to anonymous memory. */
  readonly anonName?: string;
}

/** What an address space is made of. */
export interface AddressSpacePlan {
  readonly mappings: readonly VmaPlan[];
  readonly heap: readonly [bigint, bigint];
  readonly stack: bigint;
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** The program, a `struct file`, virtual. */
  readonly exe: bigint;
}

/** An address space that was laid out. */
export interface AddressSpaceLayout {
  /** The `mm_struct`, virtual. */
  readonly mm: bigint;
  readonly pgd: bigint;
  readonly asid: number;
  /** The `vm_area_struct` of each mapping, virtual. */
  readonly vmas: readonly bigint[];
}

/** Bytes between the arguments of a process and the start of its stack. */
const ARGS_ABOVE = 0x123n;

/** Lays out an `mm_struct` with its mappings, its page tables, its arguments and environment above the stack's start. */
export function layOutAddressSpace(memory: GuestMemory, plan: AddressSpacePlan): AddressSpaceLayout {
  const { pgd, asid, tables } = memory.createRoot();
  const [args, env] = [zeroTerminated(plan.args), zeroTerminated(plan.env)];
  const argStart = plan.stack + ARGS_ABOVE;
  const argEnd = argStart + BigInt(args.length);
  writeStrings(memory, tables, argStart, [args, env]);
  const mm = allocateStruct(memory, 'mm')
    .word('mm.pgd_offset', pgd)
    .int('mm.mm_users_offset', 1)
    .int('mm.map_count_offset', plan.mappings.length)
    .word('mm.arg_start_offset', argStart)
    .word('mm.arg_end_offset', argEnd)
    .word('mm.env_start_offset', argEnd)
    .word('mm.env_end_offset', argEnd + BigInt(env.length))
    .word('mm.start_brk_offset', plan.heap[0])
    .word('mm.brk_offset', plan.heap[1])
    .word('mm.start_stack_offset', plan.stack)
    .word('mm.exe_file_offset', plan.exe)
    .word('mm.vdso_offset', plan.mappings.find(({ special }) => special !== undefined)?.start ?? 0n);
  const vmas = plan.mappings.map((vma) => layOutVma(memory, mm.address, vma));
  linkVmas(memory, mm, vmas, plan.mappings);
  return { mm: mm.address, pgd, asid, vmas: vmas.map(({ address }) => address) };
}

function zeroTerminated(texts: readonly string[]): Uint8Array {
  return new TextEncoder().encode(texts.map((text) => `${text}\0`).join(''));
}

function writeStrings(
  memory: GuestMemory,
  tables: PageTableBuilder,
  address: bigint,
  [args, env]: readonly [Uint8Array, Uint8Array],
): void {
  const joined = new Uint8Array(args.length + env.length);
  joined.set(args);
  joined.set(env, args.length);
  memory.writeUser(tables, address, joined);
}

function layOutVma(memory: GuestMemory, mm: bigint, plan: VmaPlan): GuestStruct {
  const { keys, wordSize } = memory;
  const beforeFile = keys.number('vma.vm_file_offset') - wordSize;
  const struct = allocateStruct(memory, 'vma')
    .word('vma.vm_mm_offset', mm)
    .word('vma.vm_start_offset', plan.start)
    .word('vma.vm_end_offset', plan.end)
    .word('vma.vm_flags_offset', plan.flags)
    .word('vma.vm_pgoff_offset', BigInt(plan.pgoff ?? 0), beforeFile)
    .word('vma.vm_file_offset', plan.file ?? 0n)
    .word('vma.vm_ops_offset', plan.file === undefined ? 0n : memory.text('operations'))
    .word('vma.vm_private_data_offset', 0n)
    .word('vma.anon_name_offset', plan.anonName === undefined ? 0n : anonName(memory, plan.anonName));
  const operations = 'vma.special_mapping_vmops_addr';
  if (plan.special === undefined || !keys.has(operations)) return struct;
  const special = allocateStruct(memory, 'vm_special_mapping').word(
    'vm_special_mapping.name_offset',
    memory.text(plan.special),
  );
  struct.word('vma.vm_ops_offset', keys.address(operations));
  return struct.word('vma.vm_private_data_offset', special.address);
}

function anonName(memory: GuestMemory, name: string): bigint {
  const bytes = new TextEncoder().encode(`${name}\0`);
  return allocateStruct(memory, 'anon_vma_name').bytes('anon_vma_name.name_offset', bytes).address;
}

/** The list in the order of addresses, and the red-black tree; since v6.1 the maple tree alone. */
function linkVmas(
  memory: GuestMemory,
  mm: GuestStruct,
  vmas: readonly GuestStruct[],
  plans: readonly VmaPlan[],
): void {
  if (memory.keys.has('mm.mm_mt_offset')) {
    const entries = vmas.map(({ address }, index) => {
      const { start = 0n, end = 1n } = plans[index] ?? {};
      return { first: start, last: end - 1n, entry: address };
    });
    layOutMapleTree(memory, mm.at('mm.mm_mt_offset'), entries);
    return;
  }
  mm.word('mm.mmap_offset', vmas[0]?.address ?? 0n);
  for (const [index, vma] of vmas.entries()) {
    vma.word('vma.vm_next_offset', vmas[index + 1]?.address ?? 0n);
    vma.word('vma.vm_prev_offset', vmas[index - 1]?.address ?? 0n);
  }
  if (!memory.keys.has('mm.mm_rb_offset', 'vma.vm_rb_offset')) return;
  const nodes = vmas.map((vma) => vma.at('vma.vm_rb_offset'));
  mm.word('mm.mm_rb_offset', linkTree(memory, nodes, 0n));
}

const RB_BLACK = 1n;

/** A balanced tree of nodes: `__rb_parent_color`, `rb_right`, `rb_left`; the node at its top. */
function linkTree(memory: GuestMemory, nodes: readonly bigint[], parent: bigint): bigint {
  const middle = nodes.length >> 1;
  const node = nodes[middle];
  if (node === undefined) return 0n;
  const word = BigInt(memory.wordSize);
  memory.writeWord(node, parent | RB_BLACK);
  memory.writeWord(node + word, linkTree(memory, nodes.slice(middle + 1), node));
  memory.writeWord(node + 2n * word, linkTree(memory, nodes.slice(0, middle), node));
  return node;
}
