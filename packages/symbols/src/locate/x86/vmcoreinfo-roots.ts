import { type PagingForm, pagingForms } from '@osi-linux/x86-mmu';
import { parseVmcoreinfo, type Vmcoreinfo } from '../vmcoreinfo';
import { physicalOf } from './image';
import type { KernelRoot } from './root';

/**
 * The root that a VMCOREINFO note names; of a 32-bit kernel one for each place that RAM may be mapped at.
 *
 * `NUMBER(phys_base)` is signed. Before v4.10 the note has the address of the variable alone, `SYMBOL(phys_base)`, which
 * leads nowhere.
 */
export function rootsOfVmcoreinfo(text: string, where: string): KernelRoot[] {
  const note = parseVmcoreinfo(text);
  const table = note.address('SYMBOL(swapper_pg_dir)');
  if (table === undefined) return [];
  const form = formOf(note, table);
  return physicalOf(table, note.signed('NUMBER(phys_base)'))
    .filter((root) => root >= 0n && root < 1n << 52n && root % BigInt(form.rootAlignment) === 0n)
    .map((root) => {
      const evidence = `SYMBOL(swapper_pg_dir) of ${where}`;
      return { form, root: Number(root), evidence, vmcoreinfo: note };
    });
}

function formOf(note: Vmcoreinfo, table: bigint): PagingForm {
  if (table >> 32n !== 0n) {
    return pagingForms[note.signed('NUMBER(pgtable_l5_enabled)') === 1n ? '5-level' : '4-level'];
  }
  return pagingForms[note.text('CONFIG_X86_PAE') === 'y' ? 'pae' : 'i386'];
}
