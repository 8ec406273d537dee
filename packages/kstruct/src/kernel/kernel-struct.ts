import type { VirtualAddress } from '@osi-linux/core';
import { type Kernel, type KeyOf, requireKey } from './kernel';
import { StructView } from './struct-view';

/** The bytes of a structure, for walkers that read more of it than its properties give. */
export let viewOf: (struct: KernelStruct) => StructView;

/**
 * A structure whose members are found by the keys of the profile; the base of `Task`, `Mm` and their like.
 */
export abstract class KernelStruct {
  static {
    viewOf = (struct) => struct.view;
  }

  /** The kernel that the structure is of. */
  declare protected readonly kernel: Kernel;
  /** The structure's bytes, by offset. */
  declare protected readonly view: StructView;

  /** `view` is one that was made of the address already, with the pages that it has read. */
  constructor(kernel: Kernel, address: VirtualAddress, view = new StructView(kernel.memory, address)) {
    this.kernel = kernel;
    this.view = view;
  }

  /** Where the structure starts, virtual. */
  get address(): VirtualAddress {
    return this.view.address;
  }

  /** A pointer or an `unsigned long`. @throws OsiError the fault of the page, or `PROFILE_KEY_MISSING`. */
  protected word(key: KeyOf<number>): bigint {
    return this.view.word(requireKey(this.kernel.info, key));
  }

  /** An `unsigned int`. @throws OsiError the fault of the page, or `PROFILE_KEY_MISSING`. */
  protected u32(key: KeyOf<number>): number {
    return this.view.u32(requireKey(this.kernel.info, key));
  }

  /** An `int`. @throws OsiError the fault of the page, or `PROFILE_KEY_MISSING`. */
  protected s32(key: KeyOf<number>): number {
    return this.view.s32(requireKey(this.kernel.info, key));
  }

  /** A `u64`. @throws OsiError the fault of the page, or `PROFILE_KEY_MISSING`. */
  protected u64(key: KeyOf<number>): bigint {
    return this.view.u64(requireKey(this.kernel.info, key));
  }
}
