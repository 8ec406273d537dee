import type { PhysicalAddress, PhysicalMemory } from '@osi-linux/core';

/** Bytes of physical memory, or `undefined` where one of them is missing. The caller bounds `length`. */
export function readPhysical(
  memory: PhysicalMemory,
  at: PhysicalAddress,
  length: number,
): Uint8Array | undefined {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const count = memory.scan(at + done, bytes.subarray(done));
    if (count === 0) return undefined;
    done += count;
  }
  return bytes;
}
