import {
  offsetAddress,
  PAGE_SIZE,
  type Page,
  readBytes,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';

const IN_PAGE = PAGE_SIZE - 1;
const PAGE_SHIFT = 12;

/**
 * One structure of the kernel in guest memory, read field by field by byte offset.
 *
 * The address is virtual; offsets are signed bytes from it. Each page of the structure is looked up once,
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
  readonly #inPage: number;
  readonly #pages: Page[] = [];

  constructor(memory: VirtualMemory, address: VirtualAddress) {
    this.memory = memory;
    this.address = address;
    this.#inPage = Number(address & BigInt(IN_PAGE));
  }

  /** An `unsigned int`. @throws OsiError the fault of the page. */
  u32(offset: number): number {
    const at = this.#inPage + offset;
    if ((at & IN_PAGE) > PAGE_SIZE - 4) return this.#straddling(offset, 4).getUint32(0, true);
    return this.#page(at >> PAGE_SHIFT).view.getUint32(at & IN_PAGE, true);
  }

  /** An `int`. @throws OsiError the fault of the page. */
  s32(offset: number): number {
    return this.u32(offset) | 0;
  }

  /** A `u64`, whatever the guest's word size. @throws OsiError the fault of the page. */
  u64(offset: number): bigint {
    const at = this.#inPage + offset;
    if ((at & IN_PAGE) > PAGE_SIZE - 8) return this.#straddling(offset, 8).getBigUint64(0, true);
    return this.#page(at >> PAGE_SHIFT).view.getBigUint64(at & IN_PAGE, true);
  }

  /** A pointer or an `unsigned long`, by the guest's word size. @throws OsiError the fault of the page. */
  word(offset: number): bigint {
    return this.memory.architecture.wordSize === 8 ? this.u64(offset) : BigInt(this.u32(offset));
  }

  /** A copy of raw bytes. @throws OsiError the fault of the first page that is missing. */
  bytes(offset: number, length: number): Uint8Array {
    const at = this.#inPage + offset;
    const start = at & IN_PAGE;
    if (start + length > PAGE_SIZE)
      return readBytes(this.memory, offsetAddress(this.address, offset), length);
    return this.#page(at >> PAGE_SHIFT).bytes.slice(start, start + length);
  }

  #page(index: number): Page {
    const cached = this.#pages[index];
    if (cached !== undefined) return cached;
    const address = offsetAddress(this.address, index * PAGE_SIZE);
    const page = this.memory.page(address);
    if (page === undefined) throw this.memory.fault(address);
    if (index >= 0) this.#pages[index] = page;
    return page;
  }

  #straddling(offset: number, length: number): DataView {
    const bytes = readBytes(this.memory, offsetAddress(this.address, offset), length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }
}
