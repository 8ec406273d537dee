import {
  formatAddress,
  OsiError,
  PAGE_SIZE,
  type PhysicalAddress,
  type PhysicalRange,
} from '@osi-linux/core';
import type { Decompressor } from '../../codecs/codecs';
import type { FrameStore } from '../../pages/frame-memory';
import type { ByteSource } from '../../sources/byte-source';
import type { PlacedSpan } from './placement';
import { PAGE_KIND, type SentPage } from './ram-block';
import type { StreamEnd } from './sections';

// Ranges beyond are reported as one, with holes; a sound stream has a handful.
const MOST_RANGES = 65536;
const MOST_COMPRESSED = 2 * PAGE_SIZE;

/** The parts that the frames are made of. */
export interface StreamFramesParts {
  readonly source: ByteSource;
  readonly spans: readonly PlacedSpan[];
  readonly zlib: Decompressor;
  /** Where reading stopped before all pages were seen; absent in a whole stream. */
  readonly end: StreamEnd | undefined;
}

/** The pages of a stream by their frame. */
export class StreamFrames implements FrameStore {
  private readonly parts: StreamFramesParts;
  private readonly compressed = new Uint8Array(MOST_COMPRESSED);
  private last: PlacedSpan | undefined;

  constructor(parts: StreamFramesParts) {
    this.parts = parts;
  }

  get ranges(): readonly PhysicalRange[] {
    const ranges: { start: number; end: number }[] = [];
    const add = (start: number, end: number): void => {
      const last = ranges[ranges.length - 1];
      if (last !== undefined && (last.end === start || ranges.length >= MOST_RANGES)) last.end = end;
      else ranges.push({ start, end });
    };
    for (const span of this.parts.spans) eachRun(span, add);
    return ranges;
  }

  load(frame: number, into: Uint8Array): boolean {
    return this.read(frame, into) === undefined;
  }

  hole(frame: number): OsiError {
    const address = frame * PAGE_SIZE;
    const why = this.read(frame, new Uint8Array(PAGE_SIZE));
    if (why !== undefined) return why;
    return new OsiError('PAGE_PRESENT', `no hole: physical ${formatAddress(address)} is in the dump`, {
      hint: 'read the page',
      fields: { physicalAddress: address, source: this.parts.source.name },
    });
  }

  /** Fills `into`, or returns why that cannot be done. */
  private read(frame: number, into: Uint8Array): OsiError | undefined {
    const address = frame * PAGE_SIZE;
    const span = this.spanOf(address);
    if (span === undefined) return this.outside(address);
    const page = (address - span.start + span.offset) / PAGE_SIZE;
    const fill = span.block.filledWith(page);
    if (fill !== undefined) {
      into.fill(fill);
      return undefined;
    }
    const sent = span.block.find(page);
    if (sent === undefined) return this.unsent(address, span);
    try {
      return this.copy(sent, address, into);
    } catch (error) {
      if (!OsiError.is(error)) throw error;
      return error;
    }
  }

  private copy({ kind, position }: SentPage, address: number, into: Uint8Array): OsiError | undefined {
    const { source, zlib } = this.parts;
    if (kind === PAGE_KIND.delta) {
      const text = `the stream has only the changed bytes of the page (XBZRLE, at offset ${position})`;
      const hint = 'save the guest again with the capability xbzrle off';
      return this.missing(address, { code: 'PAGE_EXCLUDED', text, hint });
    }
    if (kind === PAGE_KIND.plain) {
      if (source.read(position, into) === PAGE_SIZE) return undefined;
      const text = `the file ends before offset ${position + PAGE_SIZE}`;
      return this.missing(address, { code: 'DUMP_TRUNCATED', text, hint: AGAIN });
    }
    const { compressed } = this;
    const read = source.read(position, compressed);
    const length = new DataView(compressed.buffer).getUint32(0);
    if (read >= 4 && length + 4 <= read && zlib(compressed.subarray(4, 4 + length), into)) return undefined;
    const text = `its ${length} compressed bytes at offset ${position} are damaged`;
    return this.missing(address, { code: 'PAGE_DAMAGED', text, hint: AGAIN });
  }

  private spanOf(address: number): PlacedSpan | undefined {
    const { last } = this;
    if (last !== undefined && address >= last.start && address < last.end) return last;
    this.last = this.parts.spans.find((span) => address >= span.start && address < span.end);
    return this.last;
  }

  private outside(address: number): OsiError {
    const text = 'the stream has no RAM block there';
    return this.missing(address, {
      code: 'PHYSICAL_HOLE',
      text,
      hint: 'the address is device memory, or beyond the memory of this guest',
    });
  }

  private unsent(address: number, { block }: PlacedSpan): OsiError {
    const { end } = this.parts;
    if (end === undefined) {
      const text = `the stream does not contain this page of ${block.name}`;
      const hint = 'the guest had freed the page, or the page was shared or sent elsewhere';
      return this.missing(address, { code: 'PAGE_EXCLUDED', text, hint });
    }
    if (end.code === 'DUMP_TRUNCATED') {
      const text = 'the file ends before this page';
      return this.missing(address, { code: 'DUMP_TRUNCATED', text, hint: AGAIN });
    }
    const text = `the page is not in the stream before the damage: ${end.text}`;
    return this.missing(address, { code: 'PAGE_DAMAGED', text, hint: AGAIN });
  }

  private missing(address: PhysicalAddress, why: { code: string; text: string; hint: string }): OsiError {
    const message = `physical ${formatAddress(address)} is not in the dump: ${why.text}`;
    return new OsiError(why.code, message, {
      hint: why.hint,
      fields: { physicalAddress: address, source: this.parts.source.name },
    });
  }
}

/** The runs of pages of a span that the stream has. */
function eachRun({ start, end, block, offset }: PlacedSpan, add: (start: number, end: number) => void): void {
  if (block.mapped !== undefined) {
    add(start, end);
    return;
  }
  const known = Math.min(end, start + block.known * PAGE_SIZE - offset);
  for (let at = start; at < known; at += PAGE_SIZE) {
    if (block.has((at - start + offset) / PAGE_SIZE)) add(at, at + PAGE_SIZE);
  }
}

const AGAIN = 'copy or take the dump again';
