import { PAGE_SIZE } from '@osi-linux/core';
import type { Dump, DumpFormat, Finding, OpenDumpOptions } from '../../dump';
import type { ByteSource } from '../../sources/byte-source';
import { openPlainCopy } from './plain-copy';

// Less than any kernel runs in; smaller files are notes, logs and mistakes.
const SMALLEST = 64 * 1024;

/** A plain copy of memory: the physical address is the file offset. Any file of 64 KiB or more may be one. */
export const raw: DumpFormat = {
  name: 'raw',
  usesSplit: true,
  probe: (source) => (source.size >= SMALLEST ? 'yes' : 'no'),
  open: openRaw,
};

function openRaw(source: ByteSource, options: OpenDumpOptions = {}): Dump {
  const rest = source.size % PAGE_SIZE;
  const findings: Finding[] = [];
  if (rest !== 0) {
    findings.push({
      what: 'truncated',
      value: `the last ${rest} bytes are not a whole page`,
      evidence: `${source.size} bytes are not a multiple of ${PAGE_SIZE}`,
    });
  }
  const copy = openPlainCopy(source, options);
  return {
    ...copy,
    format: 'raw',
    cpus: [],
    findings: [...findings, ...copy.findings],
    close: () => source.close(),
  };
}
