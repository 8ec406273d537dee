import {
  type Architecture,
  type OsiError,
  PAGE_SIZE,
  type Page,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';
import { type Kallsyms, openKallsyms } from '../tables/kallsyms';
import { ElfRanges, type LoadedPiece } from './elf-ranges';
import type { ElfSections } from './elf-sections';
import type { FileBytes } from './file-bytes';
import { X86_MACHINES } from './x86/elf-machines';

const SHT_PROGBITS = 1;
const SHT_NOTE = 7;
const SHF_ALLOC = 2;
const SHF_EXECINSTR = 4;
const IN_PAGE = BigInt(PAGE_SIZE - 1);
/** A kernel has some forty sections that are loaded; each module of its own would add a few. */
const MOST_PIECES = 4096;

/**
 * The memory of a kernel before it has booted, out of its `vmlinux`: the loaded parts of the file, at the
 * addresses that it was linked for. There are no page tables, and no physical addresses.
 *
 * Taken from the sections rather than the segments, since the segments of a file of debugging information lead to bytes
 * that are not there (System V ABI, chapter 4).
 *
 * @example
 * ```ts
 * const noElf = { size: 64, read: (_position, into) => into.length };
 * readVmlinux(noElf).image // throws ELF_MALFORMED
 * ```
 */
export class ElfImage implements VirtualMemory {
  /** Nothing: an image has no page tables. */
  readonly root = 0;
  /** Virtual address at which it begins: `_text`. */
  readonly textBase: VirtualAddress;
  private readonly ranges: ElfRanges;

  private constructor(ranges: ElfRanges, textBase: VirtualAddress) {
    this.ranges = ranges;
    this.textBase = textBase;
  }

  /** The image in a file whose sections were read; `undefined` if it loads no code of an x86 kernel. */
  static of(file: FileBytes, { machine, sections }: ElfSections): ElfImage | undefined {
    const architecture = X86_MACHINES[machine];
    const pieces: LoadedPiece[] = sections
      .filter(
        ({ type, flags, size }) =>
          (type === SHT_PROGBITS || type === SHT_NOTE) && (flags & SHF_ALLOC) !== 0 && size > 0,
      )
      .map(({ address, size, offset, flags }) => ({
        address,
        size,
        offset,
        isCode: (flags & SHF_EXECINSTR) !== 0,
      }))
      .sort((one, other) => (one.address < other.address ? -1 : 1));
    const text = pieces.find(
      ({ isCode, address }) => isCode && architecture?.isKernelAddress(address) === true,
    );
    if (architecture === undefined || text === undefined || pieces.length > MOST_PIECES) return undefined;
    return new ElfImage(new ElfRanges(file, architecture, pieces), text.address);
  }

  /** The processor architecture that the kernel was built for. */
  get architecture(): Architecture {
    return this.ranges.architecture;
  }

  /** A page of the loaded parts, a copy; the bytes of it that are not loaded are zero. */
  page(address: VirtualAddress): Page | undefined {
    const start = address & ~IN_PAGE;
    if (!this.ranges.isMapped(start)) return undefined;
    const { bytes, view } = this.ranges.readInto(start, new Uint8Array(PAGE_SIZE));
    return { bytes, view };
  }

  /** That the file has nothing for an address: `IMAGE_HOLE`. */
  fault(address: VirtualAddress): OsiError {
    return this.ranges.fault(address);
  }

  /** Always `undefined`: the boot decides where an image is in physical memory. */
  translate(): undefined {
    return undefined;
  }

  /** The image itself: there are no page tables. */
  withRoot(): ElfImage {
    return this;
  }

  /**
   * The symbols that the kernel carries for its own messages, found by their shape: for a `vmlinux` that was stripped.
   *
   * @throws OsiError `KALLSYMS_NOT_FOUND`
   */
  readKallsyms(): Kallsyms {
    return openKallsyms(this.ranges, this.textBase);
  }
}
