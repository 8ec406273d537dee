import {
  formatAddress,
  OsiError,
  PAGE_SIZE,
  type Page,
  type PagePart,
  type PhysicalAddress,
  type PhysicalMemory,
  type PhysicalRange,
} from '@osi-linux/core';
import type { ByteSource } from '../sources/byte-source';
import { PageBuffer } from './page-buffer';
import { PageCache } from './page-cache';
import { RunTable } from './run-table';
import { type FileRun, flattenRuns } from './runs';

/** The physical memory in a file; of runs that overlap, the first given one counts. */
export interface MemoryMap {
  /** The runs in the file. */
  readonly present: readonly FileRun[];
  /** The runs that the file should hold, but ends before. */
  readonly lost: readonly PhysicalRange[];
  /**
   * The runs that the file names without holding bytes for them (`p_filesz` < `p_memsz`): its writer left
   * them out.
   */
  readonly undumped: readonly PhysicalRange[];
  /** The text for {@link undumped}, if it is not that `p_filesz` is less than `p_memsz`. */
  readonly undumpedAs?: UndumpedReason;
}

/** Why bytes are not in the file though it lists them: `text` is put after "is". */
export interface UndumpedReason {
  readonly text: string;
  readonly hint: string;
}

const EXCLUDED: UndumpedReason = {
  text: 'left out when the dump was written (p_filesz < p_memsz)',
  hint: 'take a dump with all pages, for example with makedumpfile -d 0',
};

/**
 * Physical memory whose runs lie in a file, byte for byte. A page that is partly in the file is a hole; {@link parts} has
 * the bytes that are there.
 */
export class MappedMemory implements PhysicalMemory {
  readonly ranges: readonly PhysicalRange[];
  private keptOccupied: { readonly ranges: readonly PhysicalRange[] | undefined } | undefined;
  private readonly source: ByteSource;
  private readonly runs: RunTable;
  private readonly lost: RunTable;
  private readonly undumped: RunTable;
  private readonly undumpedAs: UndumpedReason;
  private readonly cache: PageCache;
  private readonly buffer = new PageBuffer();

  constructor(source: ByteSource, map: MemoryMap) {
    this.source = source;
    this.runs = new RunTable(flattenRuns(map.present));
    this.lost = new RunTable(flattenRuns(map.lost.map((range) => ({ ...range, offset: range.start }))));
    this.undumped = new RunTable(
      flattenRuns(map.undumped.map((range) => ({ ...range, offset: range.start }))),
    );
    this.undumpedAs = map.undumpedAs ?? EXCLUDED;
    this.ranges = this.runs.ranges().flatMap(wholePages);
    this.cache = new PageCache((frame) => this.load(frame * PAGE_SIZE));
  }

  get occupied(): readonly PhysicalRange[] | undefined {
    const { extents } = this.source;
    this.keptOccupied ??= { ranges: extents && this.runs.occupied(extents, this.ranges) };
    return this.keptOccupied.ranges;
  }

  page(frame: number): Page | undefined {
    return this.cache.page(frame);
  }

  scan(address: PhysicalAddress, into: Uint8Array): number {
    const range = this.ranges[rangeAt(this.ranges, address)];
    if (range === undefined) return 0;
    return this.copy(address, into.subarray(0, Math.min(into.length, range.end - address)));
  }

  parts(frame: number): readonly PagePart[] {
    const start = frame * PAGE_SIZE;
    const end = start + PAGE_SIZE;
    const parts: PagePart[] = [];
    for (let at = start; at < end; ) {
      const run = this.runs.find(at);
      const next = run < 0 ? this.runs.start(this.runs.after(at)) : this.runs.end(run);
      const stop = Math.min(end, Number.isNaN(next) ? end : next);
      if (run >= 0) {
        const bytes = new Uint8Array(stop - at);
        const length = this.read(this.runs.offset(run, at), bytes);
        if (length > 0) parts.push({ start: at - start, bytes: bytes.subarray(0, length) });
      }
      at = stop;
    }
    return parts;
  }

  hole(frame: number): OsiError {
    const start = frame * PAGE_SIZE;
    const missing = this.firstMissing(start, start + PAGE_SIZE);
    if (missing === undefined) return this.readFailure(start);
    const partly = missing > start || this.runs.find(start + PAGE_SIZE - 1) >= 0 || this.startsInside(start);
    const why = this.reason(missing);
    const scope = partly ? 'only a part of its page is in the dump, and ' : '';
    return new OsiError(
      why.code,
      `physical ${formatAddress(start)} is not in the dump: ${scope}${why.text}`,
      {
        hint: why.hint,
        fields: { physicalAddress: start, source: this.source.name },
      },
    );
  }

  private load(start: PhysicalAddress): Page | undefined {
    if (this.runs.find(start) < 0) return undefined;
    return this.copy(start, this.buffer.bytes) === PAGE_SIZE ? this.buffer.take() : undefined;
  }

  /** Copies up to the first byte that is missing or cannot be read; the errors of the source go to `failures`. */
  private copy(address: PhysicalAddress, into: Uint8Array, failures?: OsiError[]): number {
    for (let done = 0; done < into.length; ) {
      const at = address + done;
      const run = this.runs.find(at);
      if (run < 0) return done;
      const step = Math.min(into.length - done, this.runs.end(run) - at);
      const read = this.read(this.runs.offset(run, at), into.subarray(done, done + step), failures);
      done += read;
      if (read < step) return done;
    }
    return into.length;
  }

  private read(position: number, into: Uint8Array, failures: OsiError[] = []): number {
    try {
      return this.source.read(position, into);
    } catch (error) {
      if (!OsiError.is(error)) throw error;
      failures.push(error);
      return 0;
    }
  }

  private firstMissing(start: PhysicalAddress, end: PhysicalAddress): PhysicalAddress | undefined {
    for (let at = start; at < end; ) {
      const run = this.runs.find(at);
      if (run < 0) return at;
      at = this.runs.end(run);
    }
    return undefined;
  }

  private startsInside(start: PhysicalAddress): boolean {
    return this.runs.start(this.runs.after(start)) < start + PAGE_SIZE;
  }

  private reason(missing: PhysicalAddress): { code: string; text: string; hint: string } {
    if (this.lost.find(missing) >= 0) {
      return {
        code: 'DUMP_TRUNCATED',
        text: `the file ends before ${formatAddress(missing)}`,
        hint: 'the file is shorter than its headers say; copy or take the dump again',
      };
    }
    if (this.undumped.find(missing) >= 0) {
      return {
        code: 'PAGE_EXCLUDED',
        text: `${formatAddress(missing)} is ${this.undumpedAs.text}`,
        hint: this.undumpedAs.hint,
      };
    }
    return {
      code: 'PHYSICAL_HOLE',
      text: `${formatAddress(missing)} is ${this.nextTo(missing)}`,
      hint: 'the address is device memory, was left out of the dump, or is beyond the memory of this guest',
    };
  }

  private nextTo(missing: PhysicalAddress): string {
    const after = this.runs.after(missing);
    const below = after > 0 ? `a range ends at ${formatAddress(this.runs.end(after - 1))}` : '';
    const above =
      after < this.runs.length ? `the next one starts at ${formatAddress(this.runs.start(after))}` : '';
    const where = [below, above].filter((text) => text !== '').join(' and ');
    return where === '' ? 'outside: the dump contains no memory' : `outside its ranges: ${where}`;
  }

  /** Reads a page whose bytes are all listed, and returns the failure of that read. */
  private readFailure(start: PhysicalAddress): OsiError {
    const where = `physical ${formatAddress(start)}`;
    const fields = { physicalAddress: start, source: this.source.name };
    const failures: OsiError[] = [];
    if (this.copy(start, new Uint8Array(PAGE_SIZE), failures) === PAGE_SIZE) {
      return new OsiError('PAGE_PRESENT', `no hole: ${where} is in the dump`, {
        hint: 'read the page',
        fields,
      });
    }
    if (failures[0] !== undefined) return failures[0];
    return new OsiError(
      'DUMP_TRUNCATED',
      `${where} is not in the dump: the file has fewer bytes there than its headers claim, or was cut after it was opened`,
      {
        hint: 'copy or take the dump again',
        fields,
      },
    );
  }
}

function wholePages(range: PhysicalRange): PhysicalRange[] {
  const start = Math.ceil(range.start / PAGE_SIZE) * PAGE_SIZE;
  const end = Math.floor(range.end / PAGE_SIZE) * PAGE_SIZE;
  return end > start ? [{ start, end }] : [];
}

function rangeAt(ranges: readonly PhysicalRange[], address: PhysicalAddress): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle]?.end ?? 0) <= address) low = middle + 1;
    else high = middle;
  }
  return (ranges[low]?.start ?? Number.POSITIVE_INFINITY) <= address ? low : -1;
}
