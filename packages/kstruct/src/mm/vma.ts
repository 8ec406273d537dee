import {
  type Architecture,
  formatAddress,
  type OsiError,
  type Subject,
  type VirtualAddress,
} from '@osi-linux/core';
import { OpenFile } from '../fs/open-file';
import { implausible, requirePointer } from '../kernel/implausible';
import { isKernelPointerWord } from '../kernel/kernel-pointer';
import { KernelStruct } from '../kernel/kernel-struct';
import { layoutOf, missingKey } from '../kernel/layout';

/** Bits of `vm_flags`, the same since Linux 2.4: include/linux/mm.h. */
const VM_READ = 1;
const VM_WRITE = 2;
const VM_EXEC = 4;
const VM_MAYSHARE = 0x80;

/** The text that `/proc/PID/maps` prints, by the four rights as bits. */
const PERMS = Array.from({ length: 16 }, (_, bits) =>
  [bits & 1 ? 'r' : '-', bits & 2 ? 'w' : '-', bits & 4 ? 'x' : '-', bits & 8 ? 's' : 'p'].join(''),
);

const LAST_ADDRESS = 0xffffffffffffffffn;

/** The kernel's own page sizes as shifts, ready made: a number costs more to make a bigint than to look up. */
const SHIFTS = Array.from({ length: 32 }, (_, shift) => BigInt(shift));
/** The last page of a file of 2^64 bytes, by the shift. */
const LAST_PAGES = SHIFTS.map((shift) => LAST_ADDRESS >> shift);

/**
 * A mapping: one run of an address space with the same file and the same rights. Corresponds to `vm_area_struct`.
 *
 * Every property reads guest memory when it is asked for, and throws the fault of the page or
 * `PROFILE_KEY_MISSING`.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * declare const mm: Mm;
 * const vma = eachVma(kernel, mm, new SkippedLog()).next().value;
 * vma.mm === mm.address // => true
 * vma.end - vma.start >= 4096n // => true
 * [vma.offset, vma.file.inode.ino > 0] // => [0n, true]
 * ```
 */
export class Vma extends KernelStruct {
  /** The address space that the mapping is in, virtual. Corresponds to `vm_area_struct.vm_mm`. */
  get mm(): VirtualAddress {
    return this.view.word(layoutOf(this.kernel.info).vma.vm_mm_offset ?? missingKey('vma.vm_mm_offset'));
  }

  /** First address, in its address space. Corresponds to `vm_area_struct.vm_start`. */
  get start(): VirtualAddress {
    return this.view.word(
      layoutOf(this.kernel.info).vma.vm_start_offset ?? missingKey('vma.vm_start_offset'),
    );
  }

  /** First address after it, in its address space. Corresponds to `vm_area_struct.vm_end`. */
  get end(): VirtualAddress {
    return this.view.word(layoutOf(this.kernel.info).vma.vm_end_offset ?? missingKey('vma.vm_end_offset'));
  }

  /** How many bytes it has: {@link end} less {@link start}. */
  get size(): number {
    const { vm_start_offset = missingKey('vma.vm_start_offset'), vm_end_offset } = layoutOf(
      this.kernel.info,
    ).vma;
    return this.view.distance(vm_start_offset, vm_end_offset ?? missingKey('vma.vm_end_offset'));
  }

  /**
   * VM_READ and the other flags, as the kernel has them. Corresponds to `vm_area_struct.vm_flags`.
   *
   * @throws OsiError `STRUCT_IMPLAUSIBLE` for none: memory that may not be accessed may be made accessible (VM_MAYREAD).
   */
  get flags(): bigint {
    const at = layoutOf(this.kernel.info).vma.vm_flags_offset ?? missingKey('vma.vm_flags_offset');
    if (this.view.u32(at) === 0) throw this.withoutFlags();
    return this.view.word(at);
  }

  /** The rights as `/proc/PID/maps` prints them: `r-xp`; `s` for memory that may be shared. */
  get perms(): string {
    const bits = layoutOf(this.kernel.info).vma;
    const flags = this.view.u32(bits.vm_flags_offset ?? missingKey('vma.vm_flags_offset'));
    if (flags === 0) throw this.withoutFlags();
    const read = (flags & (bits.VM_READ ?? VM_READ)) === 0 ? 0 : 1;
    const write = (flags & (bits.VM_WRITE ?? VM_WRITE)) === 0 ? 0 : 2;
    const execute = (flags & (bits.VM_EXEC ?? VM_EXEC)) === 0 ? 0 : 4;
    const shared = (flags & (bits.VM_MAYSHARE ?? VM_MAYSHARE)) === 0 ? 0 : 8;
    return PERMS[read | write | execute | shared] as string;
  }

  /** The mapped file, a `struct file`, virtual; 0 for anonymous memory. Corresponds to `vm_area_struct.vm_file`. */
  get fileAddress(): VirtualAddress {
    return this.view.word(layoutOf(this.kernel.info).vma.vm_file_offset ?? missingKey('vma.vm_file_offset'));
  }

  /** The mapped file. @throws OsiError `STRUCT_IMPLAUSIBLE` where there is no open file, as for anonymous memory. */
  get file(): OpenFile {
    const file = new OpenFile(this.kernel, this.fileAddress);
    file.validate();
    return file;
  }

  /**
   * Where in the file the mapping starts, in bytes; meaningless for anonymous memory.
   *
   * Corresponds to `vm_area_struct.vm_pgoff`. Where the profile does not say where that is: the word before `vm_file`,
   * as PANDA reads it.
   *
   * @throws OsiError `STRUCT_IMPLAUSIBLE` past 2^64.
   */
  get offset(): bigint {
    const { vm_pgoff_offset: known, vm_file_offset = missingKey('vma.vm_file_offset') } = layoutOf(
      this.kernel.info,
    ).vma;
    const at = known ?? vm_file_offset - this.kernel.memory.architecture.wordSize;
    if (this.view.isZero(at)) return 0n;
    const pages = this.view.word(at);
    const { pageShift } = this.kernel.memory.architecture;
    if (pages > (LAST_PAGES[pageShift] as bigint))
      throw this.contradiction('vm_pgoff', pages, 'a page of a file of 64-bit size');
    return pages << (SHIFTS[pageShift] as bigint);
  }

  /** Operations of the mapping, virtual; 0 for plain anonymous memory. Corresponds to `vm_area_struct.vm_ops`. */
  get ops(): VirtualAddress {
    return this.view.word(layoutOf(this.kernel.info).vma.vm_ops_offset ?? missingKey('vma.vm_ops_offset'));
  }

  /** The private data of the operations, virtual. Corresponds to `vm_area_struct.vm_private_data`. */
  get privateData(): VirtualAddress {
    return this.word('vma.vm_private_data_offset');
  }

  /** The next mapping of the list, virtual; 0 for the last. Corresponds to `vm_area_struct.vm_next`. */
  get next(): VirtualAddress {
    return this.view.word(layoutOf(this.kernel.info).vma.vm_next_offset ?? missingKey('vma.vm_next_offset'));
  }

  /**
   * Checks the structure: its `vm_mm` is `mm`, its address is in the kernel, and it covers whole pages of
   * user memory.
   *
   * @throws OsiError `STRUCT_IMPLAUSIBLE` for what is none.
   */
  validate(mm: VirtualAddress): void {
    const { address, kernel } = this;
    requirePointer(kernel, address, { struct: 'vm_area_struct', address, member: 'its address' });
    if (this.mm !== mm) throw this.contradiction('vm_mm', this.mm, formatAddress(mm));
    const { start, end } = this;
    const { architecture } = kernel.memory;
    const inPage = BigInt(inPageOf(architecture));
    if ((start & inPage) !== 0n) throw this.contradiction('vm_start', start, 'the start of a page');
    if ((end & inPage) !== 0n) throw this.contradiction('vm_end', end, 'the end of a page');
    if (end <= start) throw this.contradiction('vm_end', end, `more than vm_start, ${formatAddress(start)}`);
    if (!this.isUser(architecture, end - 1n))
      throw this.contradiction('vm_end', end, 'an address of user memory');
  }

  /**
   * Whether nothing contradicts that this is the mapping of `mm` from `start` up to `end`; {@link validate}
   * names the contradiction.
   *
   * @throws OsiError the fault of the page.
   */
  covers(mm: VirtualAddress, start: VirtualAddress, end: VirtualAddress): boolean {
    const { view } = this;
    const { vm_mm_offset, vm_start_offset, vm_end_offset } = layoutOf(this.kernel.info).vma;
    if (vm_mm_offset === undefined || vm_start_offset === undefined || vm_end_offset === undefined)
      return false;
    const { architecture } = this.kernel.memory;
    if (!isKernelPointerWord(architecture, this.address) || !view.holds(vm_mm_offset, mm)) return false;
    if (!view.holds(vm_start_offset, start) || !view.holds(vm_end_offset, end) || end <= start) return false;
    const inPage = (view.u32(vm_start_offset) | view.u32(vm_end_offset)) & inPageOf(architecture);
    return inPage === 0 && this.isUser(architecture, end - 1n);
  }

  /**
   * i386 splits its addresses where the kernel is configured to; 64-bit processors leave a hole between the
   * halves.
   */
  private isUser(architecture: Architecture, address: VirtualAddress): boolean {
    if (architecture.wordSize === 8) return !architecture.isKernelAddress(address);
    const split = layoutOf(this.kernel.info).kernel.page_offset_addr;
    return split === undefined || address < split;
  }

  private withoutFlags(): OsiError {
    return this.contradiction('vm_flags', 0n, 'a right, or that one may be given');
  }

  private contradiction(member: string, received: VirtualAddress, expected: string): OsiError {
    return implausible({ struct: 'vm_area_struct', address: this.address, member, received, expected });
  }
}

/** Names a mapping in a record of a skipped thing. */
export function vmaSubject(address: VirtualAddress): Subject {
  return { kind: 'mapping', struct: 'vm_area_struct', address };
}

/** The bits of an address that are its place in a page of the kernel's size. */
function inPageOf({ pageShift }: Architecture): number {
  return (1 << pageShift) - 1;
}
