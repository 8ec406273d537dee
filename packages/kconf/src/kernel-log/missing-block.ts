import { OsiError } from '@osi-linux/core';
import { safeParseKernelInfo } from '../kernel-info/kernel-info';
import { looksLikeKey } from '../kernel-info/known-keys';
import { createGroup, type NumberedLine } from '../key-file/key-file';
import { BlockReader } from './block-reader';
import { PLAIN_LINES } from './log-form';
import { eachLogLine, type LogStretch } from './log-lines';
import type { LogMarker, LogMarkers } from './log-markers';

const AGAIN = 'run in the guest: insmod kernelinfo.ko (it fails on purpose), then dmesg > log';
const LARGER =
  'the log buffer was too small: boot the guest with log_buf_len=1M, or run dmesg -C right before insmod';

/** Why a log has no whole block: no part of one, or one that has lost an end; then the rest of it. */
export function missingBlock(text: string, { final, beforeFinal, mention }: LogMarkers): OsiError {
  if (final?.which === 'BEGIN') {
    const lines = readLines(text, final, { from: final.next, to: text.length, line: final.line + 1 });
    return cut('KERNELINFO-END is missing', lines, final, 'save the whole log after insmod has ended');
  }
  if (final !== undefined) {
    const start = { from: beforeFinal?.next ?? 0, to: final.start, line: (beforeFinal?.line ?? 0) + 1 };
    return cut('KERNELINFO-BEGIN is missing', readLines(text, final, start), final, LARGER);
  }
  const lines = readLines(text, undefined, { from: 0, to: text.length, line: 1 });
  if (lines.length > 0) return cut('both markers are missing', lines, undefined, LARGER);
  return noBlock(text, mention);
}

function noBlock(text: string, mention: number | undefined): OsiError {
  let state = 'it has neither KERNELINFO-BEGIN nor KERNELINFO-END';
  if (text === '') state = 'the log is empty';
  else if (mention !== undefined)
    state = `line ${mention} mentions KERNELINFO, but is not a line of the kernel module`;
  return new OsiError('KERNEL_LOG_NO_BLOCK', `no KERNELINFO block in the log: ${state}`, {
    hint: AGAIN,
    fields: mention === undefined ? {} : { line: mention },
  });
}

/** The keys in a part of the log that is not a whole block. */
function readLines(
  text: string,
  marker: LogMarker | undefined,
  stretch: LogStretch,
): readonly NumberedLine[] {
  const reader = new BlockReader();
  const form = marker?.form ?? PLAIN_LINES;
  if (marker?.which === 'BEGIN') reader.addMessages(marker.glued, marker.line);
  for (const { raw, line } of eachLogLine(text, stretch)) if (raw.includes('=')) reader.add(raw, line, form);
  if (marker?.which === 'END') reader.addMessages(marker.glued, marker.line);
  return reader.lines.filter((line) => looksLikeKey(keyOf(line)));
}

function cut(
  state: string,
  lines: readonly NumberedLine[],
  marker: LogMarker | undefined,
  hint: string,
): OsiError {
  const [first, last] = [lines[0], lines[lines.length - 1]];
  const left =
    first === undefined || last === undefined
      ? 'no key of it is left'
      : `the rest of it goes from ${keyOf(first)} in line ${first.line} to ${keyOf(last)} in line ${last.line}`;
  const missing = missingKeys(lines);
  const line = marker?.line ?? first?.line ?? 1;
  const where = marker === undefined ? '' : ` (KERNELINFO-${marker.which} is line ${line})`;
  const message = `the KERNELINFO block is cut off: ${state}${where}; ${left}, and ${missing.length} required keys are missing`;
  return new OsiError('KERNEL_LOG_BLOCK_CUT', message, {
    hint,
    fields: { line, marker: marker?.which ?? null, missing },
  });
}

function keyOf({ text }: NumberedLine): string {
  return text.split('=')[0]?.trim() ?? text;
}

function missingKeys(lines: readonly NumberedLine[]): string[] {
  const { issues } = safeParseKernelInfo(createGroup('cut', 1, lines));
  return issues.flatMap(({ severity, key }) => (severity === 'incomplete' && key !== undefined ? [key] : []));
}
