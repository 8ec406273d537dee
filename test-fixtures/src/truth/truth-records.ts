import { OsiError } from '@osi-linux/core';

/**
 * The contents of a record: a file's bytes, a link's text, the names in a folder, or why it could not be
 * read.
 */
export type TruthRecordKind = 'file' | 'link' | 'list' | 'error';

/** One thing that the collector read inside of the guest. */
export interface TruthRecord {
  readonly kind: TruthRecordKind;
  /** Absolute path in the guest. A path may come twice: its lists before and after. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

const KINDS: Readonly<Record<string, TruthRecordKind>> = { F: 'file', L: 'link', D: 'list', E: 'error' };
const HEADER = 13;

/**
 * Reads the collector's stream: u8 kind, u32 length of the path, u64 length of the bytes (little-endian), path, bytes;
 * up to the record of kind `Z`. `length` is where the stream ends.
 *
 * @throws OsiError `TRUTH_MALFORMED` when the stream breaks off or has an unknown kind.
 *
 * @example
 * ```ts
 * parseTruthRecords(Uint8Array.of(0x5a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9)) // => { records: [], length: 13 }
 * parseTruthRecords(Uint8Array.of(0x5a)) // throws TRUTH_MALFORMED
 * ```
 */
export function parseTruthRecords(stream: Uint8Array): { records: TruthRecord[]; length: number } {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const records: TruthRecord[] = [];
  for (let at = 0; at + HEADER <= stream.length; ) {
    const letter = String.fromCharCode(view.getUint8(at));
    const pathEnd = at + HEADER + view.getUint32(at + 1, true);
    const end = pathEnd + Number(view.getBigUint64(at + 5, true));
    if (letter === 'Z') return { records, length: at + HEADER };
    const kind = KINDS[letter];
    if (kind === undefined || end > stream.length)
      throw malformed(at, `record of kind ${JSON.stringify(letter)}`);
    const path = Buffer.from(stream.subarray(at + HEADER, pathEnd)).toString();
    records.push({ kind, path, bytes: Uint8Array.from(stream.subarray(pathEnd, end)) });
    at = end;
  }
  throw malformed(stream.length, 'no record of kind "Z"');
}

function malformed(at: number, what: string): OsiError {
  return new OsiError('TRUTH_MALFORMED', `truth stream: ${what} at byte ${at} of the disk`, {
    hint: 'the collector did not finish; look at console.log',
    fields: { at },
  });
}
