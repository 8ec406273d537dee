import {
  attempt,
  type Finding,
  IMAGE_REACH,
  OsiError,
  type PhysicalMemory,
  type Skipped,
  type VirtualAddress,
} from '@osi-linux/core';
import { PagedRanges } from '../internal/paged-ranges';
import type { RangeSource } from '../internal/virtual-range';
import type { Vmcoreinfo } from '../locate/vmcoreinfo';
import type { KernelLocation } from '../locate/x86/location';
import { type AddressEncoding, encodingsOf, type SymbolAddresses } from './address-table';
import { CompressedNames } from './compressed-names';
import { type KallsymsLayout, layoutByShape, layoutFromVmcoreinfo } from './kallsyms-layout';
import type { KernelSymbol, SymbolTable } from './symbol-table';

/** Where a kernel's symbol table is looked for. */
export interface KallsymsSource {
  /** The guest's physical memory. */
  readonly memory: PhysicalMemory;
  /** Where its kernel is. */
  readonly location: Pick<KernelLocation, 'tables' | 'textBase'>;
  /** Its VMCOREINFO note, where it is known: kernels since v6.0 say there where the table is. */
  readonly vmcoreinfo?: Vmcoreinfo | undefined;
}

/** Sections of an image begin with pages. */
const IMAGE_ALIGNMENT = 0x1000n;
/** How many addresses, spread over all, must ascend for an encoding to be taken. */
const SAMPLES = 64;

/**
 * The symbols that a kernel carries for its own messages (`CONFIG_KALLSYMS`), read out of its memory.
 *
 * All layouts and encodings from Linux v4.6 to v7.2. The right one is the encoding that gives `_text` or
 * `_stext` the address where the image begins.
 *
 * @example
 * ```ts
 * declare const dump: Dump;
 * const [location] = eachKernelLocation(dump);
 * readKallsyms({ memory: dump.memory, location }).lookup(['_text']) // throws KALLSYMS_NOT_FOUND
 * ```
 */
export class Kallsyms implements SymbolTable {
  /** The number of symbols, as the kernel counts them. */
  readonly count: number;
  /** How their addresses are written. */
  readonly encoding: AddressEncoding;
  /** The result, and how it was found. */
  readonly evidence: readonly Finding[];
  private readonly names: CompressedNames;
  private readonly addresses: SymbolAddresses;
  private readonly looked = new Map<string, VirtualAddress | undefined>();

  /** Made by {@link readKallsyms}. */
  constructor(layout: KallsymsLayout, names: CompressedNames, addresses: SymbolAddresses) {
    this.count = layout.count;
    this.encoding = addresses.encoding;
    this.names = names;
    this.addresses = addresses;
    this.evidence = [
      { what: 'symbols', value: `${layout.count} of kallsyms`, evidence: layout.evidence },
      {
        what: 'symbol-addresses',
        title: 'symbol addresses',
        value: addresses.encoding,
        evidence: 'gives the image its start',
      },
    ];
  }

  /**
   * The addresses of the names that the kernel has; of several symbols of one name, the first one.
   *
   * Walks over the compressed names once, as far as the last name that is found. A name that is not there
   * costs the whole way. Results are kept.
   */
  lookup(names: readonly string[]): Map<string, VirtualAddress> {
    const { looked } = this;
    const unknown = names.filter((name) => !looked.has(name));
    const indexes = this.names.find(unknown);
    for (const name of unknown) {
      const index = indexes.get(name);
      looked.set(name, index === undefined ? undefined : this.addresses.of(index));
    }
    const found = new Map<string, VirtualAddress>();
    for (const name of names) {
      const address = looked.get(name);
      if (address !== undefined) found.set(name, address);
    }
    return found;
  }

  /** Every symbol in the kernel's order. Those of {@link skipped} are left out. */
  *each(): Generator<KernelSymbol> {
    for (let block = 0; block * 256 < this.count; block += 1) yield* this.block(block);
  }

  /**
   * The parts that a whole walk leaves out, and why: names and addresses whose memory is missing or damaged.
   */
  skipped(): Skipped[] {
    const lost = this.names
      .visit(() => true)
      .map(({ first, end, hole }) => {
        const subject = { kind: 'symbols', name: 'kallsyms', first, last: end - 1 } as const;
        return { subject, reason: hole?.reason ?? damaged(first) };
      });
    const holes = this.addresses.range.holes.map(({ start, end, reason }) => {
      const subject = { kind: 'symbols', name: 'kallsyms', field: 'addresses', bytes: end - start } as const;
      return { subject, reason };
    });
    return [...lost, ...holes];
  }

  private block(block: number): KernelSymbol[] {
    const symbols: KernelSymbol[] = [];
    const last = block * 256 + 255;
    this.names.visit((index, start, end) => {
      if (index > last) return false;
      const text = this.names.text(start, end);
      const address = this.addresses.of(index);
      if (address !== undefined) symbols.push({ name: text.slice(1), type: text.slice(0, 1), address });
      return index < last;
    }, block);
    return symbols;
  }
}

function damaged(index: number): OsiError {
  return new OsiError('KALLSYMS_DAMAGED', `kallsyms: the name of symbol ${index} is malformed`, {
    hint: 'the dump is damaged there',
    fields: { index },
  });
}

/**
 * Finds the kernel's symbol table: by the addresses in VMCOREINFO, else by its shape in the image.
 *
 * @throws OsiError `KALLSYMS_NOT_FOUND` where there is no table, or none that gives the image its start.
 *
 * @example
 * ```ts
 * declare const dump: Dump;
 * const [location] = eachKernelLocation(dump);
 * readKallsyms({ memory: dump.memory, location }).count // throws KALLSYMS_NOT_FOUND
 * ```
 */
export function readKallsyms({ memory, location, vmcoreinfo }: KallsymsSource): Kallsyms {
  return openKallsyms(new PagedRanges(memory, location.tables), location.textBase, vmcoreinfo);
}

/** The same in a kernel that begins at `textBase`, wherever its bytes are. */
export function openKallsyms(
  range: RangeSource,
  textBase: VirtualAddress,
  vmcoreinfo?: Vmcoreinfo | undefined,
): Kallsyms {
  const layouts = [
    () => (vmcoreinfo === undefined ? undefined : layoutFromVmcoreinfo(range, vmcoreinfo)),
    () => layoutByShape(range, textBase, IMAGE_REACH),
  ];
  for (const find of layouts) {
    const layout = find();
    const kallsyms = layout === undefined ? undefined : openLayout(range, textBase, layout);
    if (kallsyms !== undefined) return kallsyms;
  }
  throw new OsiError(
    'KALLSYMS_NOT_FOUND',
    `kallsyms: _text or _stext is not at 0x${textBase.toString(16)} in any known layout`,
    {
      hint: 'the dump may be damaged: give a profile, a vmlinux or a System.map of this kernel',
      fields: { textBase },
    },
  );
}

function openLayout(
  range: RangeSource,
  textBase: VirtualAddress,
  layout: KallsymsLayout,
): Kallsyms | undefined {
  const names = new CompressedNames(layout);
  for (const { starts, addresses } of eachReading(range, layout, names)) {
    if (starts.includes(textBase) && ascends(addresses, layout.count))
      return new Kallsyms(layout, names, addresses);
  }
  return undefined;
}

/**
 * Where an image begins by its own symbols, which are looked for by their shape from `start` on for `length` bytes, and
 * which lie behind its text; `undefined` if none are found.
 */
export function findImageStart(
  source: RangeSource,
  start: VirtualAddress,
  length: number,
): VirtualAddress | undefined {
  const layout = tryLayout(source, start, length);
  if (layout === undefined) return undefined;
  for (const { starts, addresses } of eachReading(source, layout, new CompressedNames(layout))) {
    const text = starts.find((address) => {
      const before = layout.names.address - address;
      return address % IMAGE_ALIGNMENT === 0n && before > 0n && before < BigInt(IMAGE_REACH);
    });
    if (text !== undefined && ascends(addresses, layout.count)) return text;
  }
  return undefined;
}

function tryLayout(source: RangeSource, start: VirtualAddress, length: number): KallsymsLayout | undefined {
  return attempt(
    () => layoutByShape(source, start, length),
    () => undefined,
  );
}

/** Every way to read the addresses, with the start of the image that it gives. */
function* eachReading(
  range: RangeSource,
  layout: KallsymsLayout,
  names: CompressedNames,
): Generator<{ readonly starts: readonly VirtualAddress[]; readonly addresses: SymbolAddresses }> {
  const indexes = [...names.find(['_text', '_stext']).values()];
  for (const table of layout.addressTables) {
    for (const addresses of encodingsOf(range, table, layout.count)) {
      yield {
        starts: indexes.map((index) => addresses.of(index)).filter((at) => at !== undefined),
        addresses,
      };
    }
  }
}

/** Symbols are sorted by their addresses. */
function ascends(addresses: SymbolAddresses, count: number): boolean {
  let last = 0n;
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const address = addresses.of(Math.floor((sample * (count - 1)) / SAMPLES));
    if (address === undefined) continue;
    if (address < last) return false;
    last = address;
  }
  return true;
}
