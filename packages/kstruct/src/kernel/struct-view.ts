import {
  decodeCString,
  offsetAddress,
  PAGE_SIZE,
  type Page,
  readBytes,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';
import { isKernelPointer } from './kernel-pointer';

const IN_PAGE = PAGE_SIZE - 1;
const PAGE_SHIFT = 12;

// The place in the page is cut out of the address here: in bigints that costs three times as much.
const scratch = new BigUint64Array(1);
const halves = new Uint32Array(scratch.buffer);
const LOW = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;

/** How far the next pages are, ready made: a number costs more to make a bigint than to add. */
const STEPS = Array.from({ length: 4 }, (_, index) => BigInt(index * PAGE_SIZE));

function pageAfter(address: VirtualAddress, index: number): VirtualAddress {
  return BigInt.asUintN(64, address + (STEPS[index] ?? BigInt(index * PAGE_SIZE)));
}

/** Makes a view one of another structure: for walkers that read many of a kind, one after the other. */
export let moveView: (view: StructView, address: VirtualAddress) => void;

/**
 * One structure of the kernel in guest memory, read field by field by byte offset.
 *
 * The address is virtual; offsets are signed bytes from it. The last two pages that were read are kept,
 * so that a field costs an integer addition and a `DataView` read. Every reader throws the fault of its page.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * const initTask = new StructView(kernel.memory, kernel.info['task.init_addr']);
 * initTask.s32(kernel.info['task.pid_offset']) // => 0
 * ```
 */
export class StructView {
  static {
    moveView = (view, address) => view.place(address);
  }

  /** The address space it is read from. */
  readonly memory: VirtualMemory;
  private start: VirtualAddress;
  private inPage: number;
  /** Whether a word has 8 bytes. */
  readonly is64Bit: boolean;
  /** The pages that were read last, by their distance in pages from the first one: one even, one odd. */
  private even: Page | undefined;
  private evenIndex: number;
  private odd: Page | undefined;
  private oddIndex: number;

  constructor(memory: VirtualMemory, address: VirtualAddress) {
    this.memory = memory;
    this.start = address;
    scratch[0] = address;
    this.inPage = (halves[LOW] as number) & IN_PAGE;
    this.is64Bit = memory.architecture.wordSize === 8;
    this.even = undefined;
    this.evenIndex = 0;
    this.odd = undefined;
    this.oddIndex = 0;
  }

  /** Where the structure starts, virtual. */
  get address(): VirtualAddress {
    return this.start;
  }

  /** An `unsigned short`. @throws OsiError the fault of the page. */
  u16(offset: number): number {
    const at = this.inPage + offset;
    if ((at & IN_PAGE) > PAGE_SIZE - 2) return this.straddling(offset, 2).getUint16(0, true);
    return this.page(at >> PAGE_SHIFT).view.getUint16(at & IN_PAGE, true);
  }

  /** An `unsigned int`. @throws OsiError the fault of the page. */
  u32(offset: number): number {
    const at = this.inPage + offset;
    if ((at & IN_PAGE) > PAGE_SIZE - 4) return this.straddling(offset, 4).getUint32(0, true);
    return this.page(at >> PAGE_SHIFT).view.getUint32(at & IN_PAGE, true);
  }

  /** An `int`. @throws OsiError the fault of the page. */
  s32(offset: number): number {
    return this.u32(offset) | 0;
  }

  /** A `u64`, for any word size of the guest. @throws OsiError the fault of the page. */
  u64(offset: number): bigint {
    const at = this.inPage + offset;
    if ((at & IN_PAGE) > PAGE_SIZE - 8) return this.straddling(offset, 8).getBigUint64(0, true);
    return this.page(at >> PAGE_SHIFT).view.getBigUint64(at & IN_PAGE, true);
  }

  /** A pointer or an `unsigned long`, by the guest's word size. @throws OsiError the fault of the page. */
  word(offset: number): bigint {
    return this.is64Bit ? this.u64(offset) : BigInt(this.u32(offset));
  }

  /** Whether {@link StructView.word} is a value, without making a bigint of it. @throws OsiError the fault of the page. */
  holds(offset: number, word: bigint): boolean {
    scratch[0] = word;
    const low = halves[LOW] as number;
    const high = halves[1 - LOW] as number;
    return this.u32(offset) === low && (this.is64Bit ? this.u32(offset + 4) : 0) === high;
  }

  /**
   * How much larger the word at `end` is than the one at `start`, as a number, which is exact up to 2^53.
   *
   * @throws OsiError the fault of the page.
   */
  distance(start: number, end: number): number {
    const low = this.u32(end) - this.u32(start);
    return this.is64Bit ? (this.u32(end + 4) - this.u32(start + 4)) * 2 ** 32 + low : low;
  }

  /** Whether {@link word} is 0. @throws OsiError the fault of the page. */
  isZero(offset: number): boolean {
    return this.u32(offset) === 0 && (!this.is64Bit || this.u32(offset + 4) === 0);
  }

  /**
   * Whether {@link word} is a pointer to an object of the kernel's own, aligned to its words.
   *
   * @throws OsiError the fault of the page.
   */
  isKernelPointer(offset: number): boolean {
    const low = this.u32(offset);
    const high = this.is64Bit ? this.u32(offset + 4) : 0;
    return isKernelPointer(this.memory.architecture, low, high);
  }

  /** A copy of raw bytes. @throws OsiError the fault of the first page that is missing. */
  bytes(offset: number, length: number): Uint8Array {
    const at = this.inPage + offset;
    const start = at & IN_PAGE;
    if (start + length > PAGE_SIZE)
      return readBytes(this.memory, offsetAddress(this.address, offset), length);
    return this.page(at >> PAGE_SHIFT).bytes.slice(start, start + length);
  }

  /** A C string in a field of `size` bytes. @throws OsiError the fault of the first page that is missing. */
  text(offset: number, size: number): string {
    const at = this.inPage + offset;
    const start = at & IN_PAGE;
    if (start + size > PAGE_SIZE) return decodeCString(this.bytes(offset, size));
    return decodeCString(this.page(at >> PAGE_SHIFT).bytes, start, start + size);
  }

  private page(index: number): Page {
    if ((index & 1) === 0) {
      if (this.even !== undefined && this.evenIndex === index) return this.even;
    } else if (this.odd !== undefined && this.oddIndex === index) return this.odd;
    return this.load(index);
  }

  private load(index: number): Page {
    const address = index === 0 ? this.start : pageAfter(this.start, index);
    const page = this.memory.page(address);
    if (page === undefined) throw this.memory.fault(address);
    if ((index & 1) === 0) {
      this.even = page;
      this.evenIndex = index;
    } else {
      this.odd = page;
      this.oddIndex = index;
    }
    return page;
  }

  private place(address: VirtualAddress): void {
    this.start = address;
    scratch[0] = address;
    this.inPage = (halves[LOW] as number) & IN_PAGE;
    this.even = undefined;
    this.odd = undefined;
  }

  private straddling(offset: number, length: number): DataView {
    const bytes = readBytes(this.memory, offsetAddress(this.address, offset), length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }
}
