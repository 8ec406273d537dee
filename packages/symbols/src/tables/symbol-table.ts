import type { VirtualAddress } from '@osi-linux/core';

/** A symbol of the kernel or of one of its modules. */
export interface KernelSymbol {
  /** Its name, without the letter of its type. */
  readonly name: string;
  /** The letter that `nm` prints for it: `T` for a global function, `d` for a local variable ... */
  readonly type: string;
  /** Its virtual address; of a per-CPU variable, the value in the kernel's tables. */
  readonly address: VirtualAddress;
  /** Name of the module that it is of; absent for the kernel itself. */
  readonly module?: string;
}

/** Names and addresses of a kernel, from wherever they come. */
export interface SymbolTable {
  /** The addresses of those names that the table has. Of several symbols of one name the first counts. */
  lookup(names: readonly string[]): Map<string, VirtualAddress>;
  /** Every symbol, in the order of the table. */
  each(): Iterable<KernelSymbol>;
}
