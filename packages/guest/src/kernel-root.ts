import { formatAddress, OsiError, type PhysicalAddress } from '@osi-linux/core';
import type { KernelInfo } from '@osi-linux/kconf';
import { imagePhysical } from '@osi-linux/kstruct';
import type { Dump } from '@osi-linux/memory';
import {
  type ControlRegisters,
  type Paging,
  type PagingForm,
  type PagingFormName,
  pagingForms,
  pagingFromRegisters,
} from '@osi-linux/x86-mmu';
import { parseVmcoreinfo } from './vmcoreinfo';

/** A page-table root that may be the kernel's, and what says so. */
export interface KernelRoot {
  /** The form of paging that its tables are of. */
  readonly form: PagingForm;
  /** Physical address of the top page table. */
  readonly root: PhysicalAddress;
  /** What names it: `kernel.swapper_pg_dir_addr`, `CR3 of cpu 0`. */
  readonly evidence: string;
}

/** Where 32-bit kernels map RAM: CONFIG_PAGE_OFFSET of each CONFIG_VMSPLIT_*, arch/x86/Kconfig. */
const I386_PAGE_OFFSETS = [0xc0000000n, 0xb0000000n, 0x80000000n, 0x78000000n, 0x40000000n];

const FORMS_BY_LEVELS: Readonly<Record<number, PagingFormName>> = {
  2: 'i386',
  3: 'pae',
  4: '4-level',
  5: '5-level',
};

/** Every root that the profile, the dump's VMCOREINFO note or a processor names, in this order. */
export function findKernelRoots(dump: Dump, info: KernelInfo): KernelRoot[] {
  const roots = [rootFromProfile(info), ...rootsFromVmcoreinfo(dump, info), ...rootsFromCpus(dump)];
  return roots.filter((found) => found !== undefined);
}

/** How the processors of a dump translate, where it has their registers. */
export function findPagingOfCpus(dump: Dump): PagingForm | undefined {
  return rootsFromCpus(dump)[0]?.form;
}

function rootFromProfile(info: KernelInfo): KernelRoot | undefined {
  const table = info['kernel.swapper_pg_dir_addr'];
  const name = FORMS_BY_LEVELS[info['kernel.pgtable_levels'] ?? 0];
  if (table === undefined || name === undefined) return undefined;
  const physBase = info['kernel.phys_base'];
  const pageOffset = info['kernel.page_offset_addr'];
  const evidence = 'kernel.swapper_pg_dir_addr of the profile';
  if (physBase !== undefined)
    return checkedRoot(pagingForms[name], imagePhysical(table, BigInt(physBase)), evidence);
  if (pageOffset === undefined) return undefined;
  return checkedRoot(pagingForms[name], table - pageOffset, evidence);
}

function rootsFromVmcoreinfo(dump: Dump, info: KernelInfo): (KernelRoot | undefined)[] {
  if (dump.vmcoreinfo === undefined) return [];
  const note = parseVmcoreinfo(dump.vmcoreinfo);
  const table = note.address('SYMBOL(swapper_pg_dir)');
  if (table === undefined) return [];
  const evidence = 'SYMBOL(swapper_pg_dir) of VMCOREINFO';
  const physBase = note.signed('NUMBER(phys_base)');
  if (physBase !== undefined) {
    const form = pagingForms[note.signed('NUMBER(pgtable_l5_enabled)') === 1n ? '5-level' : '4-level'];
    return [checkedRoot(form, imagePhysical(table, physBase), evidence)];
  }
  if (dump.machine === 'x86_64' || table >> 32n !== 0n) return [];
  // Only 64-bit kernels have phys_base. The image of the others lies in the first GiB of the direct map.
  const form = pagingForms[/^CONFIG_X86_PAE=y$/m.test(dump.vmcoreinfo) ? 'pae' : 'i386'];
  const pageOffset = info['kernel.page_offset_addr'];
  return (pageOffset === undefined ? I386_PAGE_OFFSETS : [pageOffset])
    .filter((offset) => table >= offset && table - offset < 1n << 30n)
    .map((offset) => checkedRoot(form, table - offset, evidence));
}

function rootsFromCpus(dump: Dump): KernelRoot[] {
  const roots = dump.cpus.flatMap(({ index, registers }) => {
    const { cr0, cr3, cr4, efer } = registers;
    if (cr0 === undefined || cr3 === undefined || cr4 === undefined) return [];
    const longMode = dump.machine === undefined ? undefined : dump.machine === 'x86_64';
    const paging = tryPaging({ cr0, cr3, cr4, efer, longMode });
    if (paging === undefined) return [];
    const { form, root, userHalf } = paging;
    const evidence = `CR3 of cpu ${index}, ${formatAddress(cr3)}`;
    const own = { form, root, evidence };
    return userHalf === undefined ? [own] : [{ form, root: userHalf.kernelRoot, evidence }, own];
  });
  return roots.filter((found, at) => roots.findIndex(({ root }) => root === found.root) === at);
}

/** A processor that has not turned paging on yet names no root. */
function tryPaging(registers: ControlRegisters): Paging | undefined {
  try {
    return pagingFromRegisters(registers);
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    return undefined;
  }
}

function checkedRoot(form: PagingForm, root: bigint, evidence: string): KernelRoot | undefined {
  const plausible = root >= 0n && root < 1n << 52n && root % BigInt(form.rootAlignment) === 0n;
  return plausible ? { form, root: Number(root), evidence } : undefined;
}
