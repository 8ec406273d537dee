import { formatAddress, KASLR_STEP, KERNEL_IMAGE_WINDOW, OsiError } from '@osi-linux/core';
import type { Finding } from '@osi-linux/memory';
import { type ElfImage, Kallsyms, type SymbolTable } from '@osi-linux/symbols';
import type { KernelFileContents } from './kernel-file';

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
  file: KernelFileContents,
  beside: KernelFileContents | undefined,
  image: ElfImage | undefined,
): FoundSymbols {
  const contents = beside ?? file;
  const symbols = beside === undefined ? ownSymbols(file) : beside.symbols?.(0n);
  if (symbols === undefined) throw noSymbols(contents);
  const shift = image === undefined ? 0n : shiftOf(symbols, image);
  if (
    shift !== 0n &&
    (shift % KASLR_STEP !== 0n ||
      shift >= KERNEL_IMAGE_WINDOW ||
      shift <= -KERNEL_IMAGE_WINDOW ||
      contents.kind !== 'symbols')
  ) {
    throw new OsiError(
      'KERNEL_FILES_DIFFER',
      `${contents.name} has _text at ${formatAddress(shift < 0n ? -shift : shift)} bytes from the start of the image`,
      { hint: 'give files of one kernel', fields: { file: contents.name, shift } },
    );
  }
  const moved = shift === 0n ? symbols : (contents.symbols?.(-shift) ?? symbols);
  return { symbols: moved, finding: findingOf(contents, moved, shift) };
}

/** A stripped kernel without readable symbols still has its types: the error names the file to add. */
function ownSymbols(file: KernelFileContents): SymbolTable | undefined {
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

function findingOf({ name }: KernelFileContents, symbols: SymbolTable, shift: bigint): Finding {
  if (symbols instanceof Kallsyms) {
    const [found] = symbols.evidence;
    return { what: 'symbols', value: found?.value ?? 'kallsyms', evidence: found?.evidence ?? name };
  }
  const moved =
    shift === 0n ? '' : `, ${formatAddress(shift < 0n ? -shift : shift)} from where it was linked`;
  return { what: 'symbols', value: 'a table', evidence: `${name}${moved}` };
}

function noSymbols({ name, kind }: KernelFileContents, cause?: OsiError): OsiError {
  const why = cause === undefined ? 'has no symbols' : 'has no symbol table and no kallsyms';
  return new OsiError('KERNEL_FILE_INCOMPLETE', `${name} ${why}`, {
    hint: 'add the symbols of the same kernel: --symbols /boot/System.map-RELEASE, or /proc/kallsyms as root reads it',
    ...(cause === undefined ? {} : { cause }),
    fields: { file: name, kind },
  });
}
