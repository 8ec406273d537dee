import {
  decodeText,
  I386_PAGE_OFFSET,
  KERNEL_IMAGE_WINDOW,
  OsiError,
  offsetAddress,
  START_KERNEL_MAP,
  type VirtualAddress,
} from '@osi-linux/core';
import type { KernelSymbol, SymbolTable } from './symbol-table';

/** How the addresses of a list of symbols are to be read. */
export interface SystemMapOptions {
  /**
   * By how many bytes the running kernel's image was moved: added to the addresses of the image. `System.map` has those
   * that the kernel was linked for, `/proc/kallsyms` those of the running one.
   */
  readonly kaslrShift?: bigint;
}

const LINE = /^([0-9a-f]{8,16}) ([A-Za-z?!-]) ([^\s]+)(?:[ \t]+\[([^\]\s]+)\])?\r?$/gm;
/**
 * Reads a list of symbols as `nm` prints it: `System.map`, or the text of `/proc/kallsyms`.
 *
 * Each line is an address in hex, the letter of the type, the name, and in `/proc/kallsyms` the module in brackets.
 * Other lines are passed over. The text is kept, and no table of it is built.
 *
 * @throws OsiError `SYMBOLS_HIDDEN` where every address is 0, as the kernel shows them to those who may not read them;
 * `SYMBOLS_MALFORMED` where no line is a symbol.
 *
 * @example
 * ```ts
 * const symbols = parseSystemMap('ffffffff81000000 T _text\nffffffff82613780 D init_task\n');
 * symbols.lookup(['init_task']).get('init_task') // => 0xffffffff82613780n
 * const moved = parseSystemMap('ffffffff81000000 T _text\n', { kaslrShift: 0x2000000n });
 * [...moved.each()] // => [{ name: '_text', type: 'T', address: 0xffffffff83000000n }]
 * parseSystemMap('0000000000000000 T _text\n') // throws SYMBOLS_HIDDEN
 * parseSystemMap('nothing') // throws SYMBOLS_MALFORMED
 * ```
 */
export function parseSystemMap(list: Uint8Array | string, options: SystemMapOptions = {}): SymbolTable {
  const table = new SystemMap(typeof list === 'string' ? list : decodeText(list), options.kaslrShift ?? 0n);
  let first: KernelSymbol | undefined;
  for (const symbol of table.each()) {
    first ??= symbol;
    if (symbol.address !== 0n) return table;
  }
  if (first === undefined) {
    throw new OsiError('SYMBOLS_MALFORMED', 'the symbol list has no line "ADDRESS TYPE NAME"', {
      hint: 'give a System.map (the file in /boot of Debian is only a placeholder), or /proc/kallsyms as root reads it',
    });
  }
  throw new OsiError('SYMBOLS_HIDDEN', 'every address in the symbol list is 0', {
    hint: 'read /proc/kallsyms as root, with kernel.kptr_restrict at 0 or 1',
  });
}

class SystemMap implements SymbolTable {
  private readonly text: string;
  private readonly shift: bigint;

  constructor(text: string, shift: bigint) {
    this.text = text;
    this.shift = shift;
  }

  lookup(names: readonly string[]): Map<string, VirtualAddress> {
    const wanted = new Set(names);
    const found = new Map<string, VirtualAddress>();
    for (const [, address = '', , name = ''] of this.text.matchAll(LINE)) {
      if (!wanted.delete(name)) continue;
      found.set(name, this.moved(address));
      if (wanted.size === 0) break;
    }
    return found;
  }

  *each(): Generator<KernelSymbol, void, undefined> {
    for (const [, address = '', type = '', name = '', module] of this.text.matchAll(LINE)) {
      yield { name, type, address: this.moved(address), ...(module === undefined ? {} : { module }) };
    }
  }

  /** Symbols outside the image do not move with it: offsets of per-CPU variables, constants. */
  private moved(hex: string): VirtualAddress {
    const address = BigInt(`0x${hex}`);
    const start = hex.length > 8 ? START_KERNEL_MAP : I386_PAGE_OFFSET;
    const end = start + KERNEL_IMAGE_WINDOW;
    if (this.shift === 0n || address < start || address >= end) return address;
    return offsetAddress(address + this.shift, 0);
  }
}
