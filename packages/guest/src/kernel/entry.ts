import type { VirtualAddress } from '@osi-linux/core';
import type { Finding } from '@osi-linux/memory';
import type { KernelLocation } from '@osi-linux/symbols';
import type { KernelSearch } from './search';

/**
 * The names of the places where processors enter a kernel, the newest names first: Linux
 * arch/x86/entry/entry_64.S, entry_32.S and arch/x86/include/asm/idtentry.h.
 */
const NAMES: readonly string[] = [
  ...['entry_SYSCALL_64', 'entry_SYSENTER_32', 'asm_exc_page_fault', 'asm_exc_divide_error'],
  ...['entry_SYSCALL_64_trampoline', 'page_fault', 'divide_error'],
];

/** Where the processors enter the kernel that their registers lead to, with the names that its symbols have for it. */
export function entryFindings({ kernel }: KernelSearch, location: KernelLocation): Finding[] {
  const isSame = kernel !== undefined && kernel.location.textBase === location.textBase;
  const symbols = isSame && location.entries.length > 0 ? kernel.symbols?.lookup(NAMES) : undefined;
  return location.entries.map((entry) => {
    const name = symbols && nameOf(location, symbols, entry.address);
    const called = name === undefined ? '' : `; its symbols call it ${name}`;
    return {
      what: 'kernel-entry',
      title: 'kernel entry',
      value: { virtual: entry.address },
      evidence: `${entry.by} leads there, ${entry.isInImage ? 'into the image' : 'and not into the image'}${called}`,
    };
  });
}

/** By physical addresses: a trampoline is a second mapping of the code that the symbols name. */
function nameOf(
  { tables }: KernelLocation,
  symbols: ReadonlyMap<string, VirtualAddress>,
  address: VirtualAddress,
): string | undefined {
  const physical = tables.translate(address);
  for (const [name, at] of symbols) if (tables.translate(at) === physical) return name;
  return undefined;
}
