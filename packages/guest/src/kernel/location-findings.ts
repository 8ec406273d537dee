import type { Finding } from '@osi-linux/memory';
import type { KernelLocation, KernelRoot } from '@osi-linux/symbols';

/** Which top page table a kernel is read through. */
export function rootFinding({ root, evidence }: Pick<KernelRoot, 'root' | 'evidence'>): Finding {
  return { what: 'page-table-root', title: 'page-table root', value: { physical: root }, evidence };
}

/** The other roots that a search of memory found for the same kernel. */
export function rivalFindings({ rivals = [] }: Pick<KernelRoot, 'rivals'>): Finding[] {
  return rivals.map(({ root, evidence }) => ({
    what: 'page-table-rival',
    title: 'another page-table root',
    value: { physical: root },
    evidence: `${evidence}; it leads to the same image, and a process of the guest may have planted it`,
  }));
}

/** Where a kernel's image begins. */
export function imageFinding({ textBase, evidence }: KernelLocation): Finding {
  return {
    what: 'kernel-image',
    title: 'kernel image',
    value: { virtual: textBase },
    evidence: evidence.image,
  };
}

/** How far KASLR moved a kernel's image. */
export function shiftFinding({ kaslrShift, evidence }: KernelLocation): Finding {
  return {
    what: 'kaslr-shift',
    title: 'kaslr shift',
    value: kaslrShift ?? 'unknown',
    evidence: evidence.kaslrShift,
  };
}
