import { OsiError } from '@osi-linux/core';
import { BlockReader } from './internal/block-reader';
import { findMarkers, type LogMarker } from './internal/log-markers';
import type { KconfIssue } from './issue';
import type { NumberedLine } from './key-file';

/** What the kernel module printed, found in a kernel log. */
export interface KernelInfoBlock {
  /** Line number of KERNELINFO-BEGIN in the log, from 1. */
  readonly beginLine: number;
  /** Line number of KERNELINFO-END. */
  readonly endLine: number;
  /** The keys and comments between them without the log's prefixes, in the log's order. */
  readonly lines: readonly NumberedLine[];
  /** Lines that are neither, and what they mean for the section. */
  readonly issues: readonly KconfIssue[];
}

/**
 * Finds what the kernel module printed in a kernel log: the last block that has both its ends.
 *
 * The log may be the output of `dmesg` and its options, `journalctl -k`, syslog, raw lines (`<6>[    1.2] ...`), lines
 * without a prefix, or a log quoted in a document.
 *
 * @throws OsiError `KERNEL_LOG_NO_BLOCK` when there is none, `KERNEL_LOG_BLOCK_CUT` when one end is missing.
 *
 * @example
 * ```ts
 * const log = '[1.0] --KERNELINFO-BEGIN--\n[1.1] task.size = 1060\n[1.2] ---KERNELINFO-END---\n';
 * findKernelInfoBlock(log).lines // => [{ line: 2, text: 'task.size = 1060' }]
 * findKernelInfoBlock('[1.0] Linux version 6.1.0\n') // throws KERNEL_LOG_NO_BLOCK
 * ```
 */
export function findKernelInfoBlock(text: string): KernelInfoBlock {
  const markers = findMarkers(text);
  for (let index = markers.length - 1; index > 0; index -= 1) {
    const [begin, end] = [markers[index - 1], markers[index]];
    if (begin?.which === 'BEGIN' && end?.which === 'END')
      return readBlock(text, begin, end, markers.slice(index + 1));
  }
  throw noBlock(text, markers);
}

function readBlock(
  text: string,
  begin: LogMarker,
  end: LogMarker,
  later: readonly LogMarker[],
): KernelInfoBlock {
  const reader = new BlockReader();
  let at = begin.next;
  for (let line = begin.line + 1; at < end.start; line += 1) {
    const feed = text.indexOf('\n', at);
    reader.add(text.slice(at, feed), line);
    at = feed + 1;
  }
  for (const { which, line } of later) {
    const message = `KERNELINFO-${which} in line ${line} belongs to a block that is cut off; the one before it is taken`;
    reader.issues.add({ severity: 'warning', line, message });
  }
  return { beginLine: begin.line, endLine: end.line, lines: reader.lines, issues: reader.issues.list() };
}

function noBlock(text: string, markers: readonly LogMarker[]): OsiError {
  const last = markers[markers.length - 1];
  if (last === undefined) {
    const lines = text === '' ? 'it is empty' : 'it has no KERNELINFO-BEGIN and no KERNELINFO-END';
    return new OsiError('KERNEL_LOG_NO_BLOCK', `no KERNELINFO block in the log: ${lines}`, {
      hint: 'in the guest: insmod kernelinfo.ko (it fails on purpose), then dmesg > log',
    });
  }
  const message =
    last.which === 'BEGIN'
      ? `the KERNELINFO block is cut off: KERNELINFO-BEGIN in line ${last.line} has no KERNELINFO-END`
      : `the KERNELINFO block is cut off: KERNELINFO-END in line ${last.line} has no KERNELINFO-BEGIN`;
  return new OsiError('KERNEL_LOG_BLOCK_CUT', message, {
    hint:
      last.which === 'BEGIN'
        ? 'take the whole log, after insmod has come back'
        : 'the log buffer was too small: boot the guest with log_buf_len=1M, or run dmesg -C before insmod',
    fields: { line: last.line, marker: last.which },
  });
}
