import type { VirtualAddress } from '@osi-linux/core';
import { implausible } from '../kernel/implausible';
import { type Kernel, requireKey } from '../kernel/kernel';
import { StructView } from '../kernel/struct-view';

/**
 * Reads where the buffer of the kernel log before v5.10 is, virtual: an array of characters, which the linker
 * aligns to 4 bytes or not at all. Corresponds to `log_buf`.
 *
 * @throws OsiError `PROFILE_KEY_MISSING`, or `STRUCT_IMPLAUSIBLE` for an address that is not the kernel's.
 */
export function requireLogBuffer(kernel: Kernel): VirtualAddress {
  const { info, memory } = kernel;
  const address = requireKey(info, 'log.log_buf_addr');
  const received = new StructView(memory, address).word(0);
  if (memory.architecture.isKernelAddress(received)) return received;
  throw implausible({
    struct: 'log_buf',
    address,
    member: 'its value',
    received,
    expected: 'an address of the kernel',
  });
}
