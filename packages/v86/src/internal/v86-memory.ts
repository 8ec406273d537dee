import {
  formatAddress,
  OsiError,
  PAGE_SIZE,
  type Page,
  type PhysicalAddress,
  type PhysicalMemory,
  type PhysicalRange,
} from '@osi-linux/core';
import type { V86Processor } from '../v86-emulator';

/** Where the graphics card is instead of RAM, as on every PC. */
const VGA: PhysicalRange = { start: 0xa0000, end: 0xc0000 };

/** The RAM of an emulator, read in place. Pages are live: they show later writes of the guest. */
export class V86Memory implements PhysicalMemory {
  readonly ranges: readonly PhysicalRange[];
  private readonly processor: V86Processor;
  private readonly end: PhysicalAddress;

  constructor(processor: V86Processor) {
    this.processor = processor;
    const size = processor.mem8.length;
    this.end = size - (size % PAGE_SIZE);
    const below = { start: 0, end: Math.min(VGA.start, this.end) };
    const above = { start: VGA.end, end: this.end };
    this.ranges = [below, above].filter(({ start, end }) => end > start);
  }

  page(frame: number): Page | undefined {
    const start = frame * PAGE_SIZE;
    if (!this.isRam(start)) return undefined;
    const { mem8 } = this.processor;
    if (start + PAGE_SIZE > mem8.length) return undefined;
    const at = mem8.byteOffset + start;
    return {
      bytes: new Uint8Array(mem8.buffer, at, PAGE_SIZE),
      view: new DataView(mem8.buffer, at, PAGE_SIZE),
    };
  }

  hole(frame: number): OsiError {
    const address = frame * PAGE_SIZE;
    const device = address >= VGA.start && address < VGA.end;
    const why = device ? 'it belongs to the graphics card' : 'its RAM ends before that address';
    return new OsiError(
      'PHYSICAL_HOLE',
      `physical ${formatAddress(address)} is not RAM of the emulator: ${why}`,
      {
        hint: 'only RAM is read; set the option memory_size of V86 for a larger guest',
        fields: { physicalAddress: address },
      },
    );
  }

  scan(address: PhysicalAddress, into: Uint8Array): number {
    const range = this.ranges.find(({ start, end }) => address >= start && address < end);
    if (range === undefined) return 0;
    const { mem8 } = this.processor;
    const bytes = mem8.subarray(address, Math.min(range.end, address + into.length));
    into.set(bytes);
    return bytes.length;
  }

  private isRam(start: PhysicalAddress): boolean {
    return start >= 0 && start < this.end && (start < VGA.start || start >= VGA.end);
  }
}
