import type { PhysicalRange } from '@osi-linux/core';
import type { Dump, DumpFormat, Finding } from '../../dump';
import { MappedMemory } from '../../pages/mapped-memory';
import type { FileRun } from '../../pages/runs';
import type { ByteSource } from '../../sources/byte-source';
import { damagedDump } from '../unsupported/damaged-dump';
import { hasRangeMagic, RANGE_HEADER_SIZE, type RangeMagic, readRangeHeader } from './range-headers';

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
    const { start, end } = header;
    const offset = position + RANGE_HEADER_SIZE;
    const there = Math.min(end - start, source.size - offset);
    if (there > 0) present.push({ start, end: start + there, offset });
    if (there < end - start) {
      lost.push({ start: start + there, end });
      const evidence = `range ${count + 1} ends at offset ${offset + end - start}, the file at ${source.size}`;
      findings.push({ what: 'truncated', value: `${end - start - there} bytes are missing`, evidence });
    }
    position = offset + (end - start);
  }
  const memory = new MappedMemory(source, { present, lost, undumped: [] });
  return { format: 'lime', memory, cpus: [], findings, close: () => source.close() };
}
