import type { VirtualAddress } from '@osi-linux/core';
import { holeIn, type RangeSource, readVirtualRange, type VirtualRange } from '../internal/virtual-range';
import type { AddressTable } from './kallsyms-layout';

/** How the addresses of a kernel's symbols are written. */
export type AddressEncoding = 'absolute' | 'base-relative' | 'percpu-absolute' | 'place-relative';

/** The addresses of all symbols, read by one encoding. */
export class SymbolAddresses {
  readonly encoding: AddressEncoding;
  readonly range: VirtualRange;
  private readonly table: AddressTable;
  private readonly mask: bigint;

  constructor(source: RangeSource, table: AddressTable, encoding: AddressEncoding, range: VirtualRange) {
    this.table = table;
    this.encoding = encoding;
    this.range = range;
    this.mask = source.architecture.wordSize === 8 ? 0xffffffffffffffffn : 0xffffffffn;
  }

  /** The address of a symbol, or `undefined` if its place in the table is missing. */
  of(index: number): VirtualAddress | undefined {
    const { table, range } = this;
    const size = table.form === 'absolute' ? table.wordSize : 4;
    const at = index * size;
    if (at + size > range.bytes.length || holeIn(range, at, at + size) !== undefined) return undefined;
    if (table.form === 'absolute')
      return size === 8 ? range.view.getBigUint64(at, true) : BigInt(range.view.getUint32(at, true));
    const offset = range.view.getInt32(at, true);
    if (table.form === 'place') return (table.at + BigInt(at + offset)) & this.mask;
    if (this.encoding === 'base-relative') return (table.base + BigInt(offset >>> 0)) & this.mask;
    // Addresses in the section of per-CPU variables are not moved with the image.
    return offset >= 0 ? BigInt(offset) : (table.base - 1n - BigInt(offset)) & this.mask;
  }
}

/**
 * Every way to read a table.
 *
 * `percpu-absolute` is CONFIG_KALLSYMS_ABSOLUTE_PERCPU, gone with Linux commit 01157ddc58dc ("kallsyms: Remove
 * KALLSYMS_ABSOLUTE_PERCPU") (in v6.15).
 */
export function encodingsOf(source: RangeSource, table: AddressTable, count: number): SymbolAddresses[] {
  const size = table.form === 'absolute' ? table.wordSize : 4;
  const range = readVirtualRange(source, table.at, count * size);
  const as = (encoding: AddressEncoding) => new SymbolAddresses(source, table, encoding, range);
  if (table.form === 'absolute') return [as('absolute')];
  return table.form === 'place' ? [as('place-relative')] : [as('percpu-absolute'), as('base-relative')];
}
