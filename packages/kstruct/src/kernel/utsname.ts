import { decodeCString } from '@osi-linux/core';
import { type Kernel, requireKey } from './kernel';
import { StructView } from './struct-view';

/** Bytes of each text of `struct new_utsname` (__NEW_UTS_LEN + 1, include/uapi/linux/utsname.h). */
const FIELD_SIZE = 65;

/** The fields that `uname -a` prints in the initial namespace. Corresponds to `new_utsname`. */
export interface Utsname {
  /** Release of the kernel: `6.1.0-37-amd64`. */
  readonly release: string;
  /** Build of the kernel: `#1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)`. */
  readonly version: string;
  /** Machine: `x86_64`. */
  readonly machine: string;
}

/**
 * The kernel's own idea of its release, version and machine. Corresponds to `init_uts_ns.name`.
 *
 * @throws OsiError the fault of the page, or `PROFILE_KEY_MISSING`.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * readUtsname(kernel).machine // => 'x86_64'
 * ```
 */
export function readUtsname(kernel: Kernel): Utsname {
  const view = new StructView(kernel.memory, requireKey(kernel.info, 'uts.init_addr'));
  const start = requireKey(kernel.info, 'uts.name_offset');
  // struct new_utsname: sysname, nodename, release, version, machine, domainname.
  const field = (index: number) => decodeCString(view.bytes(start + index * FIELD_SIZE, FIELD_SIZE));
  return { release: field(2), version: field(3), machine: field(4) };
}
