import { PAGE_SIZE, type PhysicalRange } from '@osi-linux/core';
import type { Dump, DumpFormat, Finding } from '../../dump';
import { MappedMemory } from '../../pages/mapped-memory';
import type { FileRun } from '../../pages/runs';
import type { ByteSource } from '../../sources/byte-source';
import { damagedDump } from '../unsupported/damaged-dump';
import {
  hasRangeMagic,
  RANGE_HEADER_SIZE,
  type RangeHeader,
  type RangeMagic,
  readRangeHeader,
} from './range-headers';

/**
 * LiME's `format=lime`, version 1 (504ensicsLabs/LiME, src/lime.h and src/main.c): for each "System RAM" range a
 * header of 32 bytes { u32 magic, version; u64 first, last address; u8 reserved[8] }, then its bytes. `format=raw` and
 * `format=padded` have no headers and are read as raw.
 *
 * LiME writes zeros for the part of a page that a range has at its end; such a page counts as missing. Where ranges
 * overlap the first one counts.
 */
export const lime: DumpFormat = {
  name: 'lime',
  probe: (source) => (hasRangeMagic(source, LIME) ? 'yes' : 'no'),
  open: openLime,
};

// The bytes "EMiL".
const LIME: RangeMagic = { magic: 0x4c694d45, version: 1 };

// Real machines have tens of ranges.
const MOST_RANGES = 2 ** 16;

function openLime(source: ByteSource): Dump {
  const findings: Finding[] = [];
  const present: FileRun[] = [];
  const lost: PhysicalRange[] = [];
  let exclusive: number | undefined;
  let position = 0;
  for (let count = 0; position < source.size; count += 1) {
    const header =
      count < MOST_RANGES ? readRangeHeader(source, position, LIME) : 'more ranges than are read';
    if (typeof header === 'string') {
      if (count === 0) throw damagedDump(source, 'LiME dump', `its first header: ${header}`, { position });
      const evidence = `header ${count + 1} at offset ${position}: ${header}`;
      findings.push({ what: 'truncated', value: 'the ranges after the last good one are missing', evidence });
      break;
    }
    const { start } = header;
    const offset = position + RANGE_HEADER_SIZE;
    const isExclusive = hasExclusiveEnd(source, header, offset);
    const end = isExclusive ? header.end - 1 : header.end;
    if (isExclusive) exclusive ??= offset + (end - start);
    const there = Math.min(end - start, source.size - offset);
    if (there > 0) present.push({ start, end: start + there, offset });
    if (there < end - start) {
      lost.push({ start: start + there, end });
      const evidence = `range ${count + 1} ends at offset ${offset + end - start}, the file at ${source.size}`;
      findings.push({ what: 'truncated', value: `${end - start - there} bytes are missing`, evidence });
    }
    position = offset + (end - start);
  }
  if (exclusive !== undefined) {
    const evidence = `offset ${exclusive} is the end of a range only if the last address of its header lies outside`;
    findings.push({ what: 'range-ends', title: 'ends of ranges', value: 'taken as exclusive', evidence });
  }
  const memory = new MappedMemory(source, { present, lost, undumped: [] });
  return { format: 'lime', memory, cpus: [], findings, close: () => source.close() };
}

/**
 * Whether the header of a range has the first address after it in place of the last one, as some other writers of the
 * format have it: the next header, or the end of the file, comes one byte early, and the address is that of a page.
 */
function hasExclusiveEnd(source: ByteSource, { start, end }: RangeHeader, offset: number): boolean {
  const last = end - 1;
  if (last % PAGE_SIZE !== 0 || last === start) return false;
  const next = offset + (last - start);
  return next === source.size || typeof readRangeHeader(source, next, LIME) !== 'string';
}
