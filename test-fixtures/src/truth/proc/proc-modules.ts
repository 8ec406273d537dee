import { linesOf } from '../internal/guest-text';
import { malformed } from '../internal/malformed';

/** A line of `/proc/modules` (proc(5)). */
export interface TruthModule {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Virtual address of its first byte, as root sees it. */
  readonly base: bigint;
}

const LINE = /^(\S+) (\d+) (?:-?\d+|-) \S+ (?:Live|Loading|Unloading) 0x([0-9a-f]+)(?: \(\S*\))?\s*$/;

/**
 * Reads `/proc/modules`: the newest comes first.
 *
 * @throws OsiError `TRUTH_MALFORMED`
 *
 * @example
 * ```ts
 * parseProcModules(Uint8Array.from(Buffer.from('loop 40960 0 - Live 0xffffffffc0300000 (E)\n')))
 * // => [{ name: 'loop', size: 40960, base: 0xffffffffc0300000n }]
 * ```
 */
export function parseProcModules(bytes: Uint8Array): TruthModule[] {
  return linesOf(bytes).map((line) => {
    const match = LINE.exec(line);
    if (match === null) throw malformed('modules has a line of another form', line);
    return { name: String(match[1]), size: Number(match[2]), base: BigInt(`0x${match[3]}`) };
  });
}
