import type { PhysicalAddress } from '@osi-linux/core';
import type { PagingForm, PagingLevel } from '../paging-form';

/** Physical address of the page that an entry names; bits below the page's size, PAT among them, are left out. */
export function pageFrame(form: PagingForm, level: PagingLevel, entry: bigint): PhysicalAddress {
  const frame = entry & form.frameMask & ~((1n << BigInt(level.shift)) - 1n);
  const high = level.leadsTo === 'either' ? level.highFrame : undefined;
  if (high === undefined) return Number(frame);
  const highBits = (entry >> BigInt(high.shift)) & ((1n << BigInt(high.bits)) - 1n);
  return Number(frame | (highBits << 32n));
}
