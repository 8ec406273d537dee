import { textOf } from '../internal/guest-text';
import { malformed } from '../internal/malformed';

/** The used fields of `/proc/PID/fdinfo/FD` (proc(5)). */
export interface FdInfo {
  readonly pos: bigint;
  /** `f_flags`, with `O_CLOEXEC` where the descriptor has it. */
  readonly flags: bigint;
}

/**
 * Reads `/proc/PID/fdinfo/FD`: a decimal position and octal flags; the rest depends on the file.
 *
 * @throws OsiError `TRUTH_MALFORMED`
 *
 * @example
 * ```ts
 * parseFdInfo(Uint8Array.from(Buffer.from('pos:\t5\nflags:\t02100002\nmnt_id:\t9\n'))) // => { pos: 5n, flags: 0x88002n }
 * ```
 */
export function parseFdInfo(bytes: Uint8Array): FdInfo {
  const text = textOf(bytes);
  const match = /^pos:\t(-?\d+)\nflags:\t([0-7]+)\n/.exec(text);
  if (match === null) throw malformed('fdinfo does not begin with pos and flags', text);
  return { pos: BigInt(String(match[1])), flags: BigInt(`0o${match[2]}`) };
}
