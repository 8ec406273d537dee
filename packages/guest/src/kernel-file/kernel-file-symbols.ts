import { formatAddress, KASLR_STEP, KERNEL_IMAGE_WINDOW, OsiError } from '@osi-linux/core';
import type { Finding } from '@osi-linux/memory';
import { type ElfImage, Kallsyms, type SymbolTable } from '@osi-linux/symbols';
import type { KernelTeller } from './kernel-file';

/** The symbols of a kernel, and where they are from. */
export interface FoundSymbols {
  readonly symbols: SymbolTable;
  readonly finding: Finding;
}

/**
 * The symbols of the file beside, else of the file itself. A list of another place of the image, as `/proc/kallsyms` is, is
 * moved to where the image was linked, so that both can be read together.
 *
 * @throws OsiError `KERNEL_FILE_INCOMPLETE` where there are none, `KERNEL_FILES_DIFFER`.
 */
export function symbolsOfFiles(
  file: KernelTeller,
  beside: KernelTeller | undefined,
  image: ElfImage | undefined,
): FoundSymbols {
  const teller = beside ?? file;
  const symbols = beside === undefined ? ownSymbols(file) : beside.symbols?.(0n);
  if (symbols === undefined) throw noSymbols(teller);
  const shift = image === undefined ? 0n : shiftOf(symbols, image);
  if (
    shift !== 0n &&
    (shift % KASLR_STEP !== 0n ||
      shift >= KERNEL_IMAGE_WINDOW ||
      shift <= -KERNEL_IMAGE_WINDOW ||
      teller.kind !== 'symbols')
  ) {
    throw new OsiError(
      'KERNEL_FILES_DIFFER',
      `${teller.name} has _text ${formatAddress(shift < 0n ? -shift : shift)} from where the image begins`,
      { hint: 'give files of one kernel', fields: { file: teller.name, shift } },
    );
  }
  const moved = shift === 0n ? symbols : (teller.symbols?.(-shift) ?? symbols);
  return { symbols: moved, finding: findingOf(teller, moved, shift) };
}

/** A stripped kernel without symbols that can be read still tells its types: what to add is said. */
function ownSymbols(file: KernelTeller): SymbolTable | undefined {
  try {
    return file.symbols?.(0n);
  } catch (cause) {
    if (!OsiError.is(cause) || cause.code !== 'KALLSYMS_NOT_FOUND') throw cause;
    throw noSymbols(file, cause);
  }
}

function shiftOf(symbols: SymbolTable, image: ElfImage): bigint {
  const found = symbols.lookup(['_text', '_stext']);
  const text = found.get('_text') ?? found.get('_stext');
  return text === undefined ? 0n : text - image.textBase;
}

function findingOf({ name }: KernelTeller, symbols: SymbolTable, shift: bigint): Finding {
  if (symbols instanceof Kallsyms) {
    const [found] = symbols.evidence;
    return { what: 'symbols', value: found?.value ?? 'kallsyms', evidence: found?.evidence ?? name };
  }
  const moved =
    shift === 0n ? '' : `, ${formatAddress(shift < 0n ? -shift : shift)} from where it was linked`;
  return { what: 'symbols', value: 'a table', evidence: `${name}${moved}` };
}

function noSymbols({ name, kind }: KernelTeller, cause?: OsiError): OsiError {
  const why =
    cause === undefined ? 'tells no symbols' : 'has no table of symbols, and none can be found in it';
  return new OsiError('KERNEL_FILE_INCOMPLETE', `${name} ${why}`, {
    hint: 'add the symbols of the same kernel: --symbols /boot/System.map-RELEASE, or what root reads from /proc/kallsyms',
    ...(cause === undefined ? {} : { cause }),
    fields: { file: name, kind },
  });
}
