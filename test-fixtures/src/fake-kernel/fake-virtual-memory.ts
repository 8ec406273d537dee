import {
  type Architecture,
  formatAddress,
  OsiError,
  PAGE_SIZE,
  type Page,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';

const PAGE = BigInt(PAGE_SIZE);

/** A 64-bit architecture for memory that is made up: pages of 4 KiB, and the registers of x86_64 in a few words. */
export const fakeArchitecture: Architecture = {
  name: 'x86_64',
  wordSize: 8,
  pageShift: 12,
  isKernelAddress: (address) => address >> 63n === 1n,
  linearPhysical: () => undefined,
  perCpuBases: ({ registers: { gs_base, kernel_gs_base } }) => {
    return [gs_base, kernel_gs_base].filter((base) => base !== undefined);
  },
  programCounter: ({ registers }) => registers.rip,
  modeOf: ({ registers: { cs } }) => (cs === undefined ? undefined : (cs & 3n) === 3n ? 'user' : 'kernel'),
};

/** Virtual memory that a test writes by hand; pages that were never written are not present. */
export class FakeVirtualMemory implements VirtualMemory {
  readonly architecture: Architecture;
  readonly root = 0x1000;
  /** Other address spaces by the physical address of their root. */
  readonly spaces = new Map<number, FakeVirtualMemory>();
  private readonly pages = new Map<bigint, Page>();

  constructor(architecture = fakeArchitecture) {
    this.architecture = architecture;
  }

  page(address: VirtualAddress): Page | undefined {
    return this.pages.get(address / PAGE);
  }

  fault(address: VirtualAddress): OsiError {
    return new OsiError('PAGE_NOT_PRESENT', `page not present: virtual ${formatAddress(address)}`);
  }

  /** Physical addresses are the virtual ones without their upper half. */
  translate(address: VirtualAddress): number | undefined {
    return this.page(address) === undefined ? undefined : Number(address & 0xffffffffffn);
  }

  withRoot(root: number): VirtualMemory {
    return this.spaces.get(root) ?? new FakeVirtualMemory(this.architecture);
  }

  /** Takes a page away, as a damaged dump does. */
  remove(address: VirtualAddress): void {
    this.pages.delete(address / PAGE);
  }

  writeBytes(address: VirtualAddress, bytes: Uint8Array): void {
    for (let index = 0; index < bytes.length; index += 1) {
      const at = address + BigInt(index);
      this.writable(at).bytes[Number(at % PAGE)] = bytes[index] ?? 0;
    }
  }

  writeText(address: VirtualAddress, text: string): void {
    this.writeBytes(address, new TextEncoder().encode(`${text}\0`));
  }

  writeWord(address: VirtualAddress, value: bigint): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
    this.writeBytes(address, bytes);
  }

  writeInt(address: VirtualAddress, value: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setInt32(0, value, true);
    this.writeBytes(address, bytes);
  }

  private writable(address: VirtualAddress): Page {
    const kept = this.pages.get(address / PAGE);
    if (kept !== undefined) return kept;
    const bytes = new Uint8Array(PAGE_SIZE);
    const page = { bytes, view: new DataView(bytes.buffer) };
    this.pages.set(address / PAGE, page);
    return page;
  }
}
