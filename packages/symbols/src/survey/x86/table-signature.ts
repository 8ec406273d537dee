import { PAGE_SIZE, type PhysicalAddress } from '@osi-linux/core';
import { pageOffsets } from '../../locate/x86/direct-map';

const WORDS = PAGE_SIZE / 4;
/** Where each CONFIG_VMSPLIT_* has the first entry of the kernel's part, in a table of two levels. */
const FIRST_ENTRIES = pageOffsets.map((offset) => Number(offset >> 22n));

/**
 * The table that an entry of a kernel's upper table leads to, or -1: present, writable, no large page, and no bits above
 * the address (_KERNPG_TABLE and _PAGE_TABLE, Linux arch/x86/include/asm/pgtable_types.h).
 */
export function tableBehind(low: number, high: number): PhysicalAddress {
  return (low & 0x83) === 0x03 && high < 0x100000 ? high * 2 ** 32 + (low & 0x7ffff000) + signBit(low) : -1;
}

function signBit(low: number): number {
  return low < 0 || low >= 2 ** 31 ? 2 ** 31 : 0;
}

/**
 * Whether a page whose first entry is empty looks like `swapper_pg_dir` of 32 bits: of PAE the last of four entries leads
 * to a table, and the page has nothing else; of two levels the kernel's part begins behind nothing, and its end, the fixed
 * mappings, leads to a table (Linux arch/x86/kernel/head_32.S).
 */
export function isI386Root(words: Uint32Array, first: number): boolean {
  const end = words[first + WORDS - 1] as number;
  if (end === 0) {
    const [low, high] = [words[first + 6] as number, words[first + 7] as number];
    return (low & 0x1c7) === 1 && high < 0x100000 && words[first + 8] === 0;
  }
  if ((end & 0x81) !== 1) return false;
  return FIRST_ENTRIES.some(
    (entry) => ((words[first + entry] as number) & 1) === 1 && words[first + entry - 1] === 0,
  );
}
