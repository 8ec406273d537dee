/** What the walkers must know of a processor architecture; handed down as a value. */
export interface Architecture {
  /** The kernel's own name of it, as `uname -m` prints: `x86_64`, `i686`. */
  readonly name: string;
  /** Bytes of a pointer and of an `unsigned long`. */
  readonly wordSize: 4 | 8;
  /** Byte order of the guest. */
  readonly littleEndian: boolean;
  /** Whether a virtual address lies where kernels of this architecture keep their data. */
  isKernelAddress(address: bigint): boolean;
  /**
   * The same of an address that is given as its two halves of 32 bits, unsigned, for walks that make no bigint of each
   * pointer that they look at. Where it is absent, {@link isKernelAddress} is asked.
   */
  isKernelHalves?(low: number, high: number): boolean;
}
