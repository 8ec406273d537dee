import { PAGE_SIZE } from '@osi-linux/core';
import type { Dump, DumpFormat, Finding } from '../../dump';
import { MappedMemory } from '../../pages/mapped-memory';
import type { ByteSource } from '../../sources/byte-source';

// Less than any kernel runs in; smaller files are notes, logs and mistakes.
const SMALLEST = 64 * 1024;

/** A plain copy of memory: the physical address is the file offset. Any file of 64 KiB or more may be one. */
export const raw: DumpFormat = {
  name: 'raw',
  probe: (source) => (source.size >= SMALLEST ? 'yes' : 'no'),
  open: openRaw,
};

function openRaw(source: ByteSource): Dump {
  const rest = source.size % PAGE_SIZE;
  const findings: Finding[] = [];
  if (rest !== 0) {
    findings.push({
      what: 'truncated',
      value: `the last ${rest} bytes are not a whole page`,
      evidence: `${source.size} bytes are not a multiple of ${PAGE_SIZE}`,
    });
  }
  const end = source.size - rest + (rest === 0 ? 0 : PAGE_SIZE);
  const memory = new MappedMemory(source, {
    present: [{ start: 0, end: source.size, offset: 0 }],
    lost: [{ start: source.size, end }],
    undumped: [],
  });
  return { format: 'raw', memory, cpus: [], findings, close: () => source.close() };
}
