import type { PhysicalAddress, VirtualAddress } from './address';

/** An address of a guest with its address space, for values that may be in either. */
export type GuestAddress = AddressOfVirtualMemory | AddressOfPhysicalMemory;

/** An address of the kernel's virtual memory. */
export interface AddressOfVirtualMemory {
  /** The virtual address. */
  readonly virtual: VirtualAddress;
  /** Absent: the address is of one space only. */
  readonly physical?: undefined;
}

/** An address of guest-physical memory. */
export interface AddressOfPhysicalMemory {
  /** The physical address. */
  readonly physical: PhysicalAddress;
  /** Absent: the address is of one space only. */
  readonly virtual?: undefined;
}
