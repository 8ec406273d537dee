import { formatAddress, OsiError, PAGE_SIZE, type PhysicalMemory } from '@osi-linux/core';
import type { Dump, Finding, OpenDumpOptions } from '../../dump';
import { MappedMemory } from '../../pages/mapped-memory';
import type { FileRun } from '../../pages/runs';
import type { ByteSource } from '../../sources/byte-source';

const FOUR_GIB = 2 ** 32;

/**
 * The memory of a file that has no addresses, with every byte at the address that is its offset, or split at 4 GiB as
 * `belowFourGiB` asks.
 *
 * @throws OsiError `DUMP_SPLIT_INVALID`.
 */
export function openPlainCopy(
  source: ByteSource,
  { belowFourGiB }: OpenDumpOptions,
): Pick<Dump, 'memory' | 'plainCopy' | 'findings'> {
  const place = (parts: readonly FileRun[]): PhysicalMemory => placed(source, parts);
  if (belowFourGiB === undefined)
    return {
      memory: place([{ start: 0, end: source.size, offset: 0 }]),
      plainCopy: { size: source.size, place },
      findings: [],
    };
  const below = checkedSplit(source, belowFourGiB);
  const above = { start: FOUR_GIB, end: FOUR_GIB + source.size - below, offset: below };
  return {
    memory: place([{ start: 0, end: below, offset: 0 }, above]),
    findings: [splitFinding(below)],
  };
}

function splitFinding(below: number): Finding {
  const value = `RAM from ${formatAddress(below)} is placed at 4 GiB`;
  return { what: 'split', value, evidence: 'belowFourGiB, as it was given' };
}

/** @throws OsiError `DUMP_SPLIT_INVALID` where a file cannot be split there. */
function checkedSplit(source: ByteSource, below: number): number {
  const most = Math.min(FOUR_GIB, source.size - 1);
  if (Number.isInteger(below / PAGE_SIZE) && below > 0 && below <= most) return below;
  throw new OsiError('DUMP_SPLIT_INVALID', `not a size of RAM below 4 GiB: ${below}`, {
    hint: `give belowFourGiB in bytes, a multiple of 4096, less than the ${source.size} bytes of the file, at most 4 GiB`,
    fields: { belowFourGiB: below },
  });
}

/** A page whose bytes end with the file counts as lost. */
function placed(source: ByteSource, parts: readonly FileRun[]): PhysicalMemory {
  const present = parts.map(({ start, end, offset }) => {
    const there = Math.max(0, Math.min(end - start, source.size - offset));
    return { start, end: start + there, offset };
  });
  const lost = present.map(({ end }) => ({ start: end, end: Math.ceil(end / PAGE_SIZE) * PAGE_SIZE }));
  return new MappedMemory(source, { present, lost, undumped: [] });
}
