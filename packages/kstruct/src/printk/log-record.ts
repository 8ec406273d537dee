/** One record of the kernel log. Corresponds to `printk_info`, before v5.10 to `printk_log`, before v3.5 to a line. */
export interface LogRecord {
  /** When it was printed, in ns since boot; `null` where the log before v3.5 was written without times. */
  readonly tsNsec: bigint | null;
  /** Level, from 0 (emergency) to 7 (debug). */
  readonly level: number;
  /** Its text, with the newlines inside of it and without one at its end; `null` if it could not be read. */
  readonly text: string | null;
}
