import {
  decodeCString,
  offsetAddress,
  PAGE_SIZE,
  type Page,
  readBytes,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';

const IN_PAGE = PAGE_SIZE - 1;
const PAGE_SHIFT = 12;

// The place in the page is cut out of the address here: in bigints that costs three times as much.
const scratch = new BigUint64Array(1);
const halves = new Uint32Array(scratch.buffer);
const LOW = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;

/**
 * One structure of the kernel in guest memory, read field by field by byte offset.
 *
 * The address is virtual; offsets are signed bytes from it. The page that was read last is kept,
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
  /** Where the structure starts, virtual. */
  readonly address: VirtualAddress;
  /** The address space it is read from. */
  readonly memory: VirtualMemory;
  private readonly inPage: number;
  /** The page that was read last, by its distance in pages from the first one. */
  private last: Page | undefined;
  private lastIndex = 0;

  constructor(memory: VirtualMemory, address: VirtualAddress) {
    this.memory = memory;
    this.address = address;
    scratch[0] = address;
    this.inPage = (halves[LOW] as number) & IN_PAGE;
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

  /** A `u64`, whatever the guest's word size. @throws OsiError the fault of the page. */
  u64(offset: number): bigint {
    const at = this.inPage + offset;
    if ((at & IN_PAGE) > PAGE_SIZE - 8) return this.straddling(offset, 8).getBigUint64(0, true);
    return this.page(at >> PAGE_SHIFT).view.getBigUint64(at & IN_PAGE, true);
  }

  /** A pointer or an `unsigned long`, by the guest's word size. @throws OsiError the fault of the page. */
  word(offset: number): bigint {
    return this.memory.architecture.wordSize === 8 ? this.u64(offset) : BigInt(this.u32(offset));
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
    if (this.last !== undefined && this.lastIndex === index) return this.last;
    const address = index === 0 ? this.address : offsetAddress(this.address, index * PAGE_SIZE);
    const page = this.memory.page(address);
    if (page === undefined) throw this.memory.fault(address);
    this.last = page;
    this.lastIndex = index;
    return page;
  }

  private straddling(offset: number, length: number): DataView {
    const bytes = readBytes(this.memory, offsetAddress(this.address, offset), length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }
}
