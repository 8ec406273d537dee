import type { SkippedLog } from '@osi-linux/core';
import { eachLogRecord, type Kernel } from '@osi-linux/kstruct';

/** A record of the kernel log. */
export interface LinuxLogRecord {
  /** When it was printed, in seconds since boot; `null` where a kernel before v3.5 wrote no times. */
  readonly time: number | null;
  /** Level, from 0 (emergency) to 7 (debug). */
  readonly level: number;
  /** Its text, with the newlines inside of it; `null` if it could not be read. */
  readonly text: string | null;
}

const NS_PER_SECOND = 1e9;

/** Reads the kernel log, the oldest record first. @throws OsiError where the log as a whole cannot be read. */
export function readLog(kernel: Kernel, skipped: SkippedLog): LinuxLogRecord[] {
  const rows: LinuxLogRecord[] = [];
  for (const { tsNsec, level, text } of eachLogRecord(kernel, skipped)) {
    rows.push({ time: tsNsec === null ? null : Number(tsNsec) / NS_PER_SECOND, level, text });
  }
  return rows;
}
