import { type Architecture, OsiError, offsetAddress, PAGE_SIZE, type VirtualAddress } from '@osi-linux/core';
import { type RangeHole, type RangeSource, rangeOf, type VirtualRange } from '../internal/virtual-range';
import type { FileBytes } from './file-bytes';

/** A piece of a file that is loaded into memory. */
export interface LoadedPiece {
  readonly address: VirtualAddress;
  readonly size: number;
  /** Position in the file. */
  readonly offset: number;
  readonly isCode: boolean;
}

const IN_PAGE = BigInt(PAGE_SIZE - 1);

/**
 * The bytes of a kernel's file by the addresses that they are loaded to. Between two pieces there are zeros up to the end of
 * the page, as the loader leaves them.
 */
export class ElfRanges implements RangeSource {
  readonly architecture: Architecture;
  private readonly file: FileBytes;
  private readonly pieces: readonly LoadedPiece[];

  constructor(file: FileBytes, architecture: Architecture, pieces: readonly LoadedPiece[]) {
    this.file = file;
    this.architecture = architecture;
    this.pieces = pieces;
  }

  isMapped(address: VirtualAddress): boolean {
    return this.piecesIn(address & ~IN_PAGE, PAGE_SIZE).length > 0;
  }

  readInto(address: VirtualAddress, bytes: Uint8Array): VirtualRange {
    bytes.fill(0);
    const holes: RangeHole[] = [];
    const touched = this.piecesIn(address & ~IN_PAGE, bytes.length + 2 * PAGE_SIZE);
    for (const piece of touched) this.copy(piece, address, bytes);
    let done = 0;
    for (const piece of touched) {
      const start = Number((piece.address & ~IN_PAGE) - address);
      const end = Number(((piece.address + BigInt(piece.size) + IN_PAGE) & ~IN_PAGE) - address);
      if (start > done && done < bytes.length)
        holes.push(this.hole(address, done, Math.min(start, bytes.length)));
      done = Math.max(done, end);
    }
    if (done < bytes.length) holes.push(this.hole(address, done, bytes.length));
    return rangeOf(address, bytes, holes);
  }

  kindOf(address: VirtualAddress, length: number): 'code' | 'data' | undefined {
    const pieces = this.piecesIn(address, length);
    if (pieces.length === 0) return undefined;
    return pieces.some(({ isCode }) => !isCode) ? 'data' : 'code';
  }

  fault(address: VirtualAddress): OsiError {
    return new OsiError('IMAGE_HOLE', `the kernel file has no bytes for virtual 0x${address.toString(16)}`, {
      hint: 'the kernel fills these bytes in at run time: read the memory of a guest',
      fields: { virtualAddress: address },
    });
  }

  private hole(address: VirtualAddress, start: number, end: number): RangeHole {
    return { start, end, reason: this.fault(offsetAddress(address, start)) };
  }

  private copy(piece: LoadedPiece, address: VirtualAddress, bytes: Uint8Array): void {
    const from = Math.max(0, Number(address - piece.address));
    const to = Math.max(0, Number(piece.address - address));
    const count = Math.min(piece.size - from, bytes.length - to);
    if (count > 0) this.file.read(piece.offset + from, bytes.subarray(to, to + count));
  }

  /** Those that have a byte between an address and the end of the stretch behind it, ascending. */
  private piecesIn(address: VirtualAddress, length: number): readonly LoadedPiece[] {
    const end = address + BigInt(length);
    return this.pieces.filter((piece) => piece.address < end && piece.address + BigInt(piece.size) > address);
  }
}
