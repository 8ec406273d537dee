import { linesOf, textOf } from '../internal/guest-text';
import { malformed } from '../internal/malformed';

/** A record that `/dev/kmsg` gave (Documentation/ABI/testing/dev-kmsg). */
export interface TruthLogRecord {
  /** 0 to 7. */
  readonly level: number;
  readonly sequence: number;
  /** Since boot. */
  readonly microseconds: number;
  readonly text: string;
}

/**
 * Reads the records of `/dev/kmsg`, one read after the other. Bytes that do not print come as `\xNN`, the newlines
 * inside of a record too; a line that begins with a blank belongs to the dictionary and is passed over.
 *
 * @throws OsiError `TRUTH_MALFORMED`
 *
 * @example
 * ```ts
 * parseKernelLog(Uint8Array.from(Buffer.from('30,7,1500,-;a\\x0ab\n SUBSYSTEM=pci\n')))
 * // => [{ level: 6, sequence: 7, microseconds: 1500, text: 'a\nb' }]
 * ```
 */
export function parseKernelLog(bytes: Uint8Array): TruthLogRecord[] {
  const heads = linesOf(bytes).filter((line) => !line.startsWith(' '));
  return heads.map((line) => {
    const match = /^(\d+),(\d+),(\d+),[^;]*;(.*)$/.exec(line);
    if (match === null) throw malformed('/dev/kmsg has a line of another form', line);
    const [, prefix, sequence, microseconds, text = ''] = match;
    return {
      level: Number(prefix) & 7,
      sequence: Number(sequence),
      microseconds: Number(microseconds),
      text: decodeHex(text),
    };
  });
}

function decodeHex(text: string): string {
  const plain = text.replace(/\\x([0-9a-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return textOf(Buffer.from(plain, 'latin1'));
}
