import type { Architecture, VirtualAddress } from '@osi-linux/core';

const scratch = new BigUint64Array(1);
const halves = new Uint32Array(scratch.buffer);
const LOW = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;
const HIGH = 1 - LOW;

/** Whether a word, in its halves, points to an object of the kernel's own, aligned to its words. */
export function isKernelPointer(architecture: Architecture, low: number, high: number): boolean {
  if ((low & (architecture.wordSize - 1)) !== 0) return false;
  if (architecture.isKernelHalves !== undefined) return architecture.isKernelHalves(low, high);
  halves[LOW] = low;
  halves[HIGH] = high;
  return architecture.isKernelAddress(scratch[0] as bigint);
}

/** The same of a word as it was read. */
export function isKernelPointerWord(architecture: Architecture, word: VirtualAddress): boolean {
  scratch[0] = word;
  // A number longer than 64 bits was not read from memory.
  if (scratch[0] !== word) return false;
  return isKernelPointer(architecture, halves[LOW] as number, halves[HIGH] as number);
}
