import { linesOf } from '../internal/guest-text';
import { malformed } from '../internal/malformed';

/** A line of `/proc/PID/maps` (proc(5)). */
export interface TruthMapping {
  /** Virtual address of its first byte. */
  readonly start: bigint;
  /** Virtual address after its last byte. */
  readonly end: bigint;
  /** `r-xp`. */
  readonly perms: string;
  /** Bytes from the file's start. */
  readonly offset: bigint;
  /** Whether it has a file: its device and inode are not both 0. */
  readonly hasFile: boolean;
  /** The last column as it stands; empty if there is nothing. */
  readonly text: string;
}

const LINE =
  /^([0-9a-f]+)-([0-9a-f]+) ([r-][w-][x-][sp]) ([0-9a-f]+) ([0-9a-f]+:[0-9a-f]+) (\d+)(?: +(.*))?$/s;

/**
 * Reads `/proc/PID/maps`. Of a file's name the kernel escapes the newlines, as `\012`, and nothing else
 * (`seq_file_path(m, file, "\n")` in fs/proc/task_mmu.c); a text in brackets may be a file's: the device
 * shows that.
 *
 * @throws OsiError `TRUTH_MALFORMED`
 *
 * @example
 * ```ts
 * const line = '00400000-00401000 r-xp 00001000 00:02 71                  /bin/a b\n';
 * parseProcMaps(Uint8Array.from(Buffer.from(line))).map(({ start, offset, text }) => [start, offset, text])
 * // => [[0x400000n, 0x1000n, '/bin/a b']]
 * ```
 */
export function parseProcMaps(bytes: Uint8Array): TruthMapping[] {
  return linesOf(bytes).map((line) => {
    const match = LINE.exec(line);
    if (match === null) throw malformed('maps has a line of another form', line);
    const [, start, end, perms = '', offset, device, inode, text = ''] = match;
    return {
      start: BigInt(`0x${start}`),
      end: BigInt(`0x${end}`),
      perms,
      offset: BigInt(`0x${offset}`),
      hasFile: !/^0+:0+$/.test(String(device)) || inode !== '0',
      text,
    };
  });
}
