import type { PhysicalRange } from '@osi-linux/core';
import { portableCodecs } from '../../codecs/codecs';
import type { Dump, DumpFormat, Finding, OpenDumpOptions } from '../../dump';
import { MappedMemory } from '../../pages/mapped-memory';
import type { FileRun } from '../../pages/runs';
import type { ByteSource } from '../../sources/byte-source';
import { readAt } from '../../sources/read-at';
import {
  hasRangeMagic,
  RANGE_HEADER_SIZE,
  type RangeHeader,
  type RangeMagic,
  readRangeHeader,
} from '../lime/range-headers';
import { damagedDump } from '../unsupported/damaged-dump';
import { ChunkTable } from './chunk-table';
import { walkFrames } from './snappy-frames';
import { SnappySource } from './snappy-source';

/**
 * AVML's compressed format, version 2 (microsoft/avml, src/image.rs): for each block a header of 32 bytes as in LiME,
 * the bytes as a framed snappy stream, and the length of that stream as a u64. Its uncompressed output is
 * LiME.
 *
 * Ranges of memory are cut into blocks of 16 MiB, and blocks that are zero throughout are left out. The file
 * does not distinguish those from addresses without memory: such a gap is a hole with the code
 * `PAGE_EXCLUDED`.
 */
export const avml: DumpFormat = {
  name: 'avml',
  probe: (source) => (hasRangeMagic(source, AVML) ? 'yes' : 'no'),
  open: openAvml,
};

const AVML: RangeMagic = { magic: 0x4c4d5641, version: 2 };
const BLOCK_SIZE = 16 * 1024 * 1024;
const TRAILER_SIZE = 8;
// 2 TiB in whole blocks.
const MOST_BLOCKS = 2 ** 17;
// Each is reported by a finding.
const MOST_DAMAGED = 256;

function openAvml(source: ByteSource, options: OpenDumpOptions = {}): Dump {
  const findings: Finding[] = [];
  const { present, lost, table } = readBlocks(source, findings);
  const codecs = options.codecs ?? portableCodecs;
  const memory = new MappedMemory(new SnappySource(source, table, codecs.snappy), {
    present,
    lost,
    undumped: gapsOfBlocks([...present, ...lost]),
    undumpedAs: {
      text: 'between its blocks: AVML leaves out regions of 16 MiB that are all zero',
      hint: 'the memory was zero when the dump was taken, or the guest has no memory there; the file does not show which',
    },
  });
  return { format: 'avml', memory, cpus: [], findings, close: () => source.close() };
}

interface Blocks {
  readonly present: FileRun[];
  readonly lost: PhysicalRange[];
  readonly table: ChunkTable;
}

function readBlocks(source: ByteSource, findings: Finding[]): Blocks {
  const blocks: Blocks = { present: [], lost: [], table: new ChunkTable() };
  let position = 0;
  for (let count = 0; position < source.size; count += 1) {
    const header = tooMuch(count, findings) ?? readRangeHeader(source, position, AVML);
    if (typeof header === 'string') {
      if (count === 0) throw damagedDump(source, 'AVML dump', `its first header: ${header}`, { position });
      const evidence = `header ${count + 1} at offset ${position}: ${header}`;
      findings.push({ what: 'truncated', value: 'the blocks after the last good one are missing', evidence });
      break;
    }
    const next = readBlock(source, position + RANGE_HEADER_SIZE, header, blocks, findings);
    if (next === undefined) break;
    position = next;
  }
  return blocks;
}

function tooMuch(count: number, damage: readonly Finding[]): string | undefined {
  if (damage.length >= MOST_DAMAGED) return 'more damaged blocks than are read';
  return count >= MOST_BLOCKS ? 'more blocks than are read' : undefined;
}

/** Position after a block, or `undefined` if its end cannot be found. */
function readBlock(
  source: ByteSource,
  position: number,
  { start, end }: RangeHeader,
  { present, lost, table }: Blocks,
  findings: Finding[],
): number | undefined {
  const offset = table.length;
  const walk = walkFrames(source, position, end - start, table);
  if (walk.length > 0) present.push({ start, end: start + walk.length, offset });
  const ended = isTrailer(source, walk.position, walk.position - position);
  if (walk.problem === undefined) {
    if (ended) return walk.position + TRAILER_SIZE;
    const evidence = `${walk.position - position} bytes were read, the length at offset ${walk.position} is another`;
    findings.push({ what: 'damaged', value: 'a block has a wrong length after it', evidence });
    return walk.position + TRAILER_SIZE;
  }
  lost.push({ start: start + walk.length, end });
  const value = `${end - start - walk.length} bytes of a block are missing`;
  findings.push({ what: 'truncated', value, evidence: walk.problem });
  return ended ? walk.position + TRAILER_SIZE : undefined;
}

/**
 * Whether the length of a block's stream is at a position: it ends the block, without regard to its header.
 */
function isTrailer(source: ByteSource, position: number, length: number): boolean {
  const bytes = readAt(source, position, TRAILER_SIZE);
  if (bytes.length < TRAILER_SIZE) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, TRAILER_SIZE);
  return (
    view.getUint32(0, true) === length % 2 ** 32 && view.getUint32(4, true) === Math.floor(length / 2 ** 32)
  );
}

/**
 * The gaps where a whole block may have been left out, or the end of a range whose other blocks are there.
 */
function gapsOfBlocks(blocks: readonly PhysicalRange[]): PhysicalRange[] {
  const sorted = [...blocks].sort((one, other) => one.start - other.start);
  const gaps: PhysicalRange[] = [];
  let before: PhysicalRange = { start: 0, end: 0 };
  for (const block of sorted) {
    const gap = { start: before.end, end: block.start };
    const full = before.end > 0 && (before.end - before.start) % BLOCK_SIZE === 0;
    if (gap.end > gap.start && (full || gap.end - gap.start >= BLOCK_SIZE)) gaps.push(gap);
    if (block.end > before.end) before = block;
  }
  return gaps;
}
