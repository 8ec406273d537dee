import type { PhysicalMemory } from '@osi-linux/core';

const NAME = new TextEncoder().encode('VMCOREINFO');

/** The same memory, but searches do not find the name of a VMCOREINFO note. */
export function withoutNotes(memory: PhysicalMemory): PhysicalMemory {
  return {
    ranges: memory.ranges,
    page: (frame) => memory.page(frame),
    hole: (frame) => memory.hole(frame),
    scan: (address, into) => {
      const count = memory.scan(address, into);
      const bytes = into.subarray(0, count);
      for (let at = bytes.indexOf(0x56); at >= 0; at = bytes.indexOf(0x56, at + 1)) {
        if (NAME.every((byte, index) => bytes[at + index] === byte)) bytes.fill(0, at, at + NAME.length);
      }
      return count;
    },
  };
}
