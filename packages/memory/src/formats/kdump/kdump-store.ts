import { formatAddress, OsiError, PAGE_SIZE, type PhysicalRange } from '@osi-linux/core';
import type { Codecs } from '../../codecs/codecs';
import type { FrameBitmap } from '../../pages/frame-bitmap';
import type { FrameStore } from '../../pages/frame-memory';
import { readAt } from '../../sources/read-at';
import type { KdumpPart, PageDescriptor } from './kdump-part';

// makedumpfile diskdump_mod.h, the flags of a page_desc: how its bytes are compressed.
const FLAGS: readonly (readonly [flag: number, codec: keyof Codecs])[] = [
  [0x01, 'zlib'],
  [0x02, 'lzo'],
  [0x04, 'snappy'],
  [0x20, 'zstd'],
];

/** Dump level 1 leaves out pages of zeros, and nothing else (makedumpfile(8), -d). */
const ZEROS_ONLY = 1;

// QEMU writes one block for all pages of zeros, and so does export.
const KEPT_PAGES = 8;

type Failure = { readonly code: string; readonly text: string; readonly hint: string };

const AGAIN = 'copy or take the dump again';

/** The pages of a kdump file, or of the parts of a split one. */
export class KdumpStore implements FrameStore {
  private readonly parts: readonly KdumpPart[];
  private readonly codecs: Codecs;
  private readonly level: number;
  private readonly recent = new Map<string, Uint8Array>();

  /** `parts` has at least one, and all are of one dump; where their frames overlap the first one counts. */
  constructor(parts: readonly KdumpPart[], codecs: Codecs) {
    this.parts = parts;
    this.codecs = codecs;
    this.level = parts[0]?.header.dumpLevel ?? 0;
  }

  get ranges(): readonly PhysicalRange[] {
    const sorted = [...this.parts].sort((a, b) => a.span.start - b.span.start);
    const ranges: PhysicalRange[] = [];
    let done = 0;
    for (const part of sorted) {
      const start = Math.max(done, part.span.start);
      if (start < part.span.end) appendRanges(ranges, this.held(part).ranges({ start, end: part.span.end }));
      done = Math.max(done, part.span.end);
    }
    return ranges;
  }

  load(frame: number, into: Uint8Array): boolean {
    return this.find(frame, into) === undefined;
  }

  hole(frame: number): OsiError {
    const address = frame * PAGE_SIZE;
    const failure = this.find(frame, new Uint8Array(PAGE_SIZE));
    if (OsiError.is(failure)) return failure;
    const why = failure ?? { code: 'PAGE_PRESENT', text: 'read the page', hint: AGAIN };
    return new OsiError(why.code, `physical ${formatAddress(address)} is not in the dump: ${why.text}`, {
      hint: why.hint,
      fields: { physicalAddress: address, source: this.partOf(frame)?.source.name ?? '' },
    });
  }

  /** Fills in a page, or returns why it cannot. */
  private find(frame: number, into: Uint8Array): Failure | OsiError | undefined {
    const part = this.partOf(frame);
    try {
      if (part === undefined) return this.outside(frame);
      if (!part.dumped.has(frame)) return this.left(part, frame, into);
      const descriptor = part.descriptor(frame);
      if (descriptor === undefined) return ends(part, 'its descriptor');
      return this.decode(part, descriptor, into);
    } catch (error) {
      if (!OsiError.is(error)) throw error;
      return error;
    }
  }

  private partOf(frame: number): KdumpPart | undefined {
    return this.parts.find((part) => part.holds(frame));
  }

  /** Which bitmap has the pages that can be given: where only zeros were left out, all RAM can. */
  private held(part: KdumpPart): FrameBitmap {
    return this.level === ZEROS_ONLY ? part.ram : part.dumped;
  }

  /**
   * A frame of no part: beyond all memory, or in a part that was not given. The bitmaps do not describe other
   * parts.
   */
  private outside(frame: number): Failure {
    const maxFrame = this.parts[0]?.header.maxFrame ?? 0;
    if (frame >= maxFrame) return noMemory(maxFrame);
    return {
      code: 'PAGE_EXCLUDED',
      text: `frame ${formatAddress(frame)} belongs to another part of this split dump`,
      hint: `give all parts; the ${this.parts.length} given parts contain the frames ${this.spans()}`,
    };
  }

  private spans(): string {
    const texts = this.parts.map(
      ({ span }) => `${formatAddress(span.start)} to ${formatAddress(span.end - 1)}`,
    );
    return texts.join(', ');
  }

  /** A frame that has no descriptor. */
  private left(part: KdumpPart, frame: number, into: Uint8Array): Failure | undefined {
    if (!part.ram.isSound(frame) || !part.dumped.isSound(frame)) return ends(part, 'the bitmap of its pages');
    if (!part.ram.has(frame)) return noMemory(part.header.maxFrame);
    if (this.level === ZEROS_ONLY) {
      into.fill(0);
      return undefined;
    }
    return {
      code: 'PAGE_EXCLUDED',
      text: `the page was left out when the dump was written (dump level ${this.level})`,
      hint: `write the dump again with all pages: ${this.level === 0 ? 'osi-linux export --all' : 'makedumpfile -d 0'}`,
    };
  }

  private decode(part: KdumpPart, descriptor: PageDescriptor, into: Uint8Array): Failure | undefined {
    const { offset, size, flags } = descriptor;
    const key = `${this.parts.indexOf(part)} ${offset} ${size} ${flags}`;
    const kept = this.recent.get(key);
    if (kept !== undefined) {
      into.set(kept);
      return undefined;
    }
    if (offset === 0 && size === 0) {
      return { code: 'DUMP_TRUNCATED', text: 'its descriptor was never written', hint: AGAIN };
    }
    if (size > PAGE_SIZE || !Number.isSafeInteger(offset)) return damaged(descriptor);
    const block = readAt(part.source, offset, size);
    if (block.length < size) return ends(part, `its ${size} bytes at ${offset}`);
    if (!this.undo(flags, block, into)) return damaged(descriptor);
    this.keep(key, into);
    return undefined;
  }

  private undo(flags: number, block: Uint8Array, into: Uint8Array): boolean {
    const codec = FLAGS.find(([flag]) => (flags & flag) !== 0)?.[1];
    if (codec !== undefined) return this.codecs[codec](block, into);
    if (block.length !== into.length) return false;
    into.set(block);
    return true;
  }

  private keep(key: string, page: Uint8Array): void {
    this.recent.set(key, page.slice());
    if (this.recent.size <= KEPT_PAGES) return;
    for (const oldest of this.recent.keys()) {
      this.recent.delete(oldest);
      return;
    }
  }
}

function noMemory(maxFrame: number): Failure {
  return {
    code: 'PHYSICAL_HOLE',
    text: `the dump has no memory there; it ends at ${formatAddress(maxFrame * PAGE_SIZE)}`,
    hint: 'the address is device memory, or beyond the memory of this guest',
  };
}

function ends(part: KdumpPart, what: string): Failure {
  const hint = part.header.incomplete ? 'the dump was not finished: take it again' : AGAIN;
  return { code: 'DUMP_TRUNCATED', text: `the file ends before ${what}`, hint };
}

function damaged({ offset, size, flags }: PageDescriptor): Failure {
  const codec = FLAGS.find(([flag]) => (flags & flag) !== 0)?.[1] ?? 'stored';
  return {
    code: 'PAGE_DAMAGED',
    text: `its block of ${size} bytes at offset ${offset} (${codec}) does not decompress to ${PAGE_SIZE} bytes`,
    hint: AGAIN,
  };
}

function appendRanges(ranges: PhysicalRange[], more: readonly PhysicalRange[]): void {
  for (const range of more) {
    const last = ranges[ranges.length - 1];
    if (last?.end === range.start) ranges[ranges.length - 1] = { start: last.start, end: range.end };
    else ranges.push(range);
  }
}
