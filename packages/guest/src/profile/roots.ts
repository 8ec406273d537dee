import type { KernelInfo } from '@osi-linux/kconf';
import type { Dump } from '@osi-linux/memory';
import { findNamedRoots, type KernelRoot, type LocatedKernel } from '@osi-linux/symbols';
import { imagePhysical, type PagingForm, type PagingFormName, pagingForms } from '@osi-linux/x86-mmu';
import type { KernelSearch } from '../kernel/search';
import { eachDirectSlide } from './relocate';

const FORMS_BY_LEVELS: Readonly<Record<number, PagingFormName>> = {
  2: 'i386',
  3: 'pae',
  4: '4-level',
  5: '5-level',
};

const SWAPPER = 'kernel.swapper_pg_dir_addr of the profile';

/** The root that a profile names for the boot that it is of. */
export function findProfileRoot(info: KernelInfo): KernelRoot | undefined {
  const table = info['kernel.swapper_pg_dir_addr'];
  const form = formOf(info);
  if (table === undefined || form === undefined) return undefined;
  const physBase = info['kernel.phys_base'];
  const pageOffset = info['kernel.page_offset_addr'];
  if (physBase !== undefined) return checkedRoot(form, imagePhysical(table, BigInt(physBase)), SWAPPER);
  return pageOffset === undefined ? undefined : checkedRoot(form, table - pageOffset, SWAPPER);
}

/** Every root that the dump's VMCOREINFO note or a processor names; else those of 32 bits that the profile leads to. */
export function findDumpRoots(dump: Dump, info: KernelInfo): KernelRoot[] {
  const named = findNamedRoots(dump);
  return named.length > 0 || dump.machine === 'x86_64' ? named : rootsOfSlides(dump, info);
}

/** The root of the kernel that a search of memory finds. */
export function findSearchedRoots({ kernel }: KernelSearch): readonly KernelRoot[] {
  return kernel === undefined ? [] : [rootOf(kernel)];
}

/** The root of a kernel that was found by a search. */
export function rootOf({ location }: LocatedKernel): KernelRoot {
  const { form, root, evidence, rivals } = location;
  return { form, root, evidence: evidence.root, rivals };
}

function rootsOfSlides({ memory }: Dump, info: KernelInfo): KernelRoot[] {
  const { 'kernel.swapper_pg_dir_addr': table, 'kernel.page_offset_addr': pageOffset } = info;
  const form = formOf(info);
  if (table === undefined || pageOffset === undefined || form?.architecture.wordSize !== 4) return [];
  return [...eachDirectSlide(info, memory)].flatMap((slide) => {
    const evidence = 'the direct map, which shows pid 0';
    return checkedRoot(form, table + slide - pageOffset, evidence) ?? [];
  });
}

function formOf(info: KernelInfo): PagingForm | undefined {
  const name = FORMS_BY_LEVELS[info['kernel.pgtable_levels'] ?? 0];
  return name && pagingForms[name];
}

function checkedRoot(form: PagingForm, root: bigint, evidence: string): KernelRoot | undefined {
  const plausible = root >= 0n && root < 1n << 52n && root % BigInt(form.rootAlignment) === 0n;
  return plausible ? { form, root: Number(root), evidence } : undefined;
}
