import { formatAddress, I386_IMAGE_REACH, type PhysicalAddress, type PhysicalMemory } from '@osi-linux/core';
import { AddressSpace, type PagingForm, pagingForms } from '@osi-linux/x86-mmu';
import { memoryBetween } from '../../survey/memory-between';
import type { MemorySurvey } from '../../survey/memory-survey';
import { surveyPages } from '../../survey/page-survey';
import { findPageOffset } from './direct-map';
import type { KernelRoot } from './root';

/** A kernel has one; remains of kernels that ran before may look like some more. */
const MOST_ROOTS = 16;
const WORD = 4;
/** Entries of PAE's top table: one for each GiB. */
const PAE_SPAN = 1n << 30n;
const PDE_SPAN = 1n << 22n;

/**
 * Roots of 32-bit kernels that page tables in memory show by themselves: they map RAM one to one at a PAGE_OFFSET, with
 * themselves in it, and nothing below. Those of processes have entries there.
 */
export function findI386Roots({ memory, pages }: Pick<MemorySurvey, 'memory' | 'pages'>): KernelRoot[] {
  const roots: KernelRoot[] = [];
  for (const root of pages.i386Roots) {
    const form = formOf(memory, root);
    const offset = form && findPageOffset(new AddressSpace(form, memory, root));
    if (form === undefined || offset === undefined || !isEmptyBelow(memory, form, root, offset)) continue;
    const evidence = `page tables in memory: the table at physical ${formatAddress(root)} maps RAM with itself in it`;
    roots.push({ form, root, evidence: `${evidence} at ${formatAddress(offset)}, and nothing below` });
    if (roots.length === MOST_ROOTS) break;
  }
  return roots;
}

/** The root in the image that begins at a physical address; the tables are another copy of it. */
export function findOwnI386Root(
  memory: PhysicalMemory,
  image: PhysicalAddress,
  { form, root }: Pick<AddressSpace, 'form' | 'root'>,
): PhysicalAddress | undefined {
  const part = memoryBetween(memory, image, image + I386_IMAGE_REACH);
  const roots = findI386Roots({ memory, pages: surveyPages(part) });
  const isSame = (candidate: KernelRoot) => candidate.form === form;
  return (roots.find((found) => found.root === root) ?? roots.find(isSame))?.root;
}

/** A page with four entries of 8 bytes and nothing else is PAE's. */
function formOf(memory: PhysicalMemory, root: PhysicalAddress): PagingForm | undefined {
  const view = memory.page(root / 4096)?.view;
  if (view === undefined) return undefined;
  return view.getUint32(4096 - WORD, true) === 0 ? pagingForms.pae : pagingForms.i386;
}

function isEmptyBelow(
  memory: PhysicalMemory,
  form: PagingForm,
  root: PhysicalAddress,
  offset: bigint,
): boolean {
  const span = form.entrySize === 8 ? PAE_SPAN : PDE_SPAN;
  const view = memory.page(root / 4096)?.view;
  const end = Number(offset / span) * form.entrySize;
  for (let at = 0; at < end; at += WORD) if (view?.getUint32(at, true) !== 0) return false;
  return true;
}
