import type { SkippedLog } from '@osi-linux/core';
import type { Kernel } from '../kernel/kernel';
import { missingKey } from '../kernel/layout';
import { eachCharacterRecord } from './character-log';
import type { LogRecord } from './log-record';
import { eachBufferRecord } from './printk-log';
import { eachRingRecord } from './printk-ring';

/**
 * Yields the records of the kernel log, the oldest first, as `/dev/kmsg` gives them.
 *
 * Reads the lockless ring buffer where the profile knows it (`log.prb_addr`), else the records of `log_buf` (v3.5 to
 * v5.9), else its characters where it knows their end (`log.log_end_addr`, before v3.5). A text that cannot be read is `null`, with its reason in `skipped`.
 *
 * @throws OsiError `PROFILE_KEY_MISSING` where the profile knows none of them, `STRUCT_IMPLAUSIBLE` where the log as a whole
 * makes no sense.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * const [first] = [...eachLogRecord(kernel, new SkippedLog())];
 * first.text.startsWith('Linux version ') // => true
 * first.level // => 5
 * ```
 */
export function eachLogRecord(kernel: Kernel, skipped: SkippedLog): Generator<LogRecord> {
  const { info } = kernel;
  if (info['log.prb_addr'] !== undefined) return eachRingRecord(kernel, skipped);
  const hasBuffer = info['log.log_buf_addr'] !== undefined;
  if (hasBuffer && info['printk_log.size'] !== undefined) return eachBufferRecord(kernel, skipped);
  if (hasBuffer && info['log.log_end_addr'] !== undefined) return eachCharacterRecord(kernel, skipped);
  return missingKey('log.prb_addr', 'log.log_buf_addr');
}
