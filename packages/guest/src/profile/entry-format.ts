import type { KernelInfo } from '@osi-linux/kconf';
import type { LinuxEntryFormat, LinuxSwapTypes } from '@osi-linux/x86-mmu';

/** MAX_SWAPFILES_SHIFT is 5 (include/linux/swap.h): types are numbered from 0 to 31. */
const LAST_TYPE = 31;

/**
 * The properties of a kernel that decide the meaning of page table entries that are not present.
 *
 * `PROT_NONE` is bit 8 of such an entry in each kernel that has `struct cred`; a section without those keys may be
 * of an older one.
 */
export function findEntryFormat(info: KernelInfo): LinuxEntryFormat {
  const hasCred = info['task.cred_offset'] !== undefined || info['task.real_cred_offset'] !== undefined;
  return { types: findSwapTypes(info), globalIsProtNone: hasCred };
}

/** The meaning of a kernel's swap types beyond swap files; `undefined` if the profile lacks it. */
function findSwapTypes(info: KernelInfo): LinuxSwapTypes | undefined {
  const first = info['swap.SWP_MIGRATION_READ'];
  const last = info['swap.SWP_MIGRATION_WRITE'];
  const poisoned = info['swap.SWP_HWPOISON'];
  const device = info['swap.SWP_DEVICE_WRITE'];
  if (first === undefined && poisoned === undefined && device === undefined) return undefined;
  return {
    migration: first === undefined ? [] : numbersBetween(first, last ?? first),
    poisoned: poisoned === undefined ? [] : [poisoned],
    device: device === undefined ? [] : numbersBetween(device, LAST_TYPE),
  };
}

function numbersBetween(first: number, last: number): number[] {
  if (first < 0) return [];
  const end = Math.min(last, LAST_TYPE);
  return Array.from({ length: Math.max(0, end - first + 1) }, (_, index) => first + index);
}
