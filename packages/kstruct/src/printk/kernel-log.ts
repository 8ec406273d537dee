import type { SkippedLog } from '@osi-linux/core';
import type { Kernel } from '../kernel/kernel';
import type { LogRecord } from './log-record';
import { eachBufferRecord } from './printk-log';
import { eachRingRecord } from './printk-ring';

/**
 * Yields the records of the kernel log, the oldest first, as `/dev/kmsg` gives them.
 *
 * Reads the lockless ring buffer where the profile knows it (`log.prb_addr`), else the records of `log_buf` (v3.5 to
 * v5.9). A text that cannot be read is `null`, with its reason in `skipped`.
 *
 * @throws OsiError `PROFILE_KEY_MISSING` where the profile knows neither, `STRUCT_IMPLAUSIBLE` where the log as a whole
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
  const hasBuffer = info['log.log_buf_addr'] !== undefined && info['printk_log.size'] !== undefined;
  return info['log.prb_addr'] === undefined && hasBuffer
    ? eachBufferRecord(kernel, skipped)
    : eachRingRecord(kernel, skipped);
}
