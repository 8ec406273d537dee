import { locateThrough } from '@osi-linux/symbols';
import type { Guest } from '../guest';

/**
 * By how many bytes KASLR has moved the kernel's image; `null` if its start is not to be found, as in 32 bits
 * without VMCOREINFO.
 */
export function findKaslrShift({ dump, profile }: Pick<Guest, 'dump' | 'profile'>): bigint | null {
  return locateThrough(dump.memory, profile.root)?.kaslrShift ?? null;
}
