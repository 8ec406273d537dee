import { decodeText, OsiError } from '@osi-linux/core';

/** This much of a log is checked for being text. */
const SAMPLE = 65_536;
/** Above this many bytes a log that does not look like text is not searched. */
const SEARCH_LIMIT = 16_777_216;

interface Magic {
  readonly bytes: readonly number[];
  readonly what: string;
  readonly hint: string;
}

const UTF16_HINT = 'convert it first: iconv -f UTF-16 -t UTF-8 LOG > log.txt';

/** Files that are taken for logs, by their first bytes. */
const MAGICS: readonly Magic[] = [
  { bytes: [0xff, 0xfe], what: 'UTF-16 text', hint: UTF16_HINT },
  { bytes: [0xfe, 0xff], what: 'UTF-16 text', hint: UTF16_HINT },
  { bytes: [0x1f, 0x8b], what: 'gzip data', hint: 'decompress it first: zcat LOG | kconf-import ...' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], what: 'xz data', hint: 'decompress it first: xzcat LOG' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], what: 'zstd data', hint: 'decompress it first: zstdcat LOG' },
  { bytes: [0x42, 0x5a, 0x68], what: 'bzip2 data', hint: 'decompress it first: bzcat LOG' },
  { bytes: [0x7f, 0x45, 0x4c, 0x46], what: 'an ELF file', hint: 'give the output of dmesg' },
  {
    bytes: [...'LPKSHHRH'].map((letter) => letter.charCodeAt(0)),
    what: 'a systemd journal',
    hint: 'print it first: journalctl -k --file LOG',
  },
];

/**
 * The text of a log.
 *
 * @throws OsiError `KERNEL_LOG_NOT_TEXT` for UTF-16, compressed and other known files, and for large binary ones.
 */
export function decodeLog(bytes: Uint8Array): string {
  const magic = MAGICS.find((each) => each.bytes.every((byte, index) => bytes[index] === byte));
  if (magic !== undefined) throw notText(magic);
  if (bytes.length > SEARCH_LIMIT) refuseBinary(bytes);
  return decodeText(bytes);
}

/**
 * Refuses a log without a block that does not look like text either.
 *
 * @throws OsiError `KERNEL_LOG_NOT_TEXT`.
 */
export function refuseBinary(bytes: Uint8Array): void {
  const sample = bytes.subarray(0, SAMPLE);
  const zeros = [0, 0];
  let controls = 0;
  sample.forEach((byte, index) => {
    if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x1b) controls += 1;
  });
  // Text has next to none; compressed and random data has one in nine.
  if (sample.length === 0 || controls * 20 < sample.length) return;
  const half = sample.length / 2;
  const isUtf16 = zeros.some((count, side) => count > half * 0.8 && (zeros[1 - side] ?? 0) < half * 0.1);
  if (isUtf16)
    throw notText({ what: 'UTF-16 text without a byte order mark', hint: `${UTF16_HINT}, or UTF-16LE` });
  throw notText({ what: 'binary data', hint: 'give the output of dmesg, or another text file' });
}

function notText({ what, hint }: Pick<Magic, 'what' | 'hint'>): OsiError {
  return new OsiError('KERNEL_LOG_NOT_TEXT', `the log is not plain text but ${what}`, {
    hint,
    fields: { what },
  });
}
