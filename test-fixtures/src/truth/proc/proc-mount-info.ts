import { linesOf } from '../internal/guest-text';
import { malformed } from '../internal/malformed';

/** A line of `/proc/PID/mountinfo` (proc(5)), its escapes decoded. */
export interface TruthMount {
  readonly id: number;
  readonly parent: number;
  /** The mounted part of the file system. */
  readonly root: string;
  readonly mountpoint: string;
  /** With the subtype, if any: `fuse.sshfs`. */
  readonly fstype: string;
  readonly source: string;
}

const LINE = /^(\d+) (\d+) \d+:\d+ ([^ ]+) ([^ ]+) [^ ]+(?: [^ ]+)* - ([^ ]+) ([^ ]*) [^ ]+$/;

/**
 * Reads `/proc/PID/mountinfo`. Blanks, backslashes and some more come as a backslash with three octal digits.
 *
 * @throws OsiError `TRUTH_MALFORMED`
 *
 * @example
 * ```ts
 * const line = '36 35 98:0 / /a\\040b rw,noatime shared:1 - tmpfs none rw\n';
 * parseMountInfo(Uint8Array.from(Buffer.from(line)))
 * // => [{ id: 36, parent: 35, root: '/', mountpoint: '/a b', fstype: 'tmpfs', source: 'none' }]
 * ```
 */
export function parseMountInfo(bytes: Uint8Array): TruthMount[] {
  return linesOf(bytes).map((line) => {
    const match = LINE.exec(line);
    if (match === null) throw malformed('mountinfo has a line of another form', line);
    const [, id, parent, ...texts] = match;
    const [root = '', mountpoint = '', fstype = '', source = ''] = texts.map(decodeOctal);
    return { id: Number(id), parent: Number(parent), root, mountpoint, fstype, source };
  });
}

function decodeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
