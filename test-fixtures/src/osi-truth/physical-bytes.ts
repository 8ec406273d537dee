import { closeSync, openSync } from 'node:fs';
import { readBytes, readSegments, type Segment } from '../guest-builder/machine/padded-raw';

/** The bytes of an ELF core by physical address, read without any code of the packages. */
export class PhysicalBytes {
  private readonly file: number;
  private readonly segments: readonly Segment[];
  /** Bytes of an address, 4 or 8. */
  readonly wordSize: number;

  constructor(elf: string) {
    this.file = openSync(elf, 'r');
    this.segments = readSegments(this.file);
    // QEMU writes the cores of all guests in the 64-bit class; the machine is EM_386.
    const machine = readBytes(this.file, 18, 2).readUInt16LE();
    this.wordSize = machine === 3 ? 4 : 8;
  }

  /** Bytes of one segment; undefined if they are not all there. */
  read(physical: number, length: number): Buffer | undefined {
    const found = this.segments.find(
      (segment) => segment.physical <= physical && physical + length <= segment.physical + segment.bytes,
    );
    return found && readBytes(this.file, found.offset + physical - found.physical, length);
  }

  /** An address as the guest keeps it. */
  word(physical: number): bigint | undefined {
    const bytes = this.read(physical, this.wordSize);
    return this.wordSize === 8 ? bytes?.readBigUInt64LE() : bytes && BigInt(bytes.readUInt32LE());
  }

  close(): void {
    closeSync(this.file);
  }
}
