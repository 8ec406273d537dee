import { decodeCString } from '@osi-linux/core';
import type { ByteSource } from '../../sources/byte-source';
import { readAt } from '../../sources/read-at';
import { SliceSource } from '../../sources/slice-source';

// POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block"; GNU tar writes long sizes in base 256.
const BLOCK = 512;
const SIZE_AT = 124;
const CHECKSUM_AT = 148;
const TYPE_AT = 156;
const MAGIC_AT = 257;
const REGULAR = ['0', '\0', '7'];
const PAX_HEADER = 'x';
const MOST_MEMBERS = 4096;
const MOST_PAX_BYTES = 64 * 1024;

/** Whether a source begins with the header of a tar archive. */
export function isTar(source: ByteSource): boolean {
  const header = readAt(source, 0, BLOCK);
  return header.length === BLOCK && isHeader(header);
}

/** The regular files of a tar archive, each as a source. The last one may be cut. */
export function* eachTarMember(source: ByteSource): Generator<SliceSource> {
  let paxSize: number | undefined;
  for (let at = 0, count = 0; count < MOST_MEMBERS; count += 1) {
    const header = readAt(source, at, BLOCK);
    if (header.length < BLOCK || !isHeader(header)) return;
    const type = latin1(header, TYPE_AT, 1);
    const size = (REGULAR.includes(type) ? paxSize : undefined) ?? sizeOf(header);
    if (!(size >= 0) || !Number.isSafeInteger(at + BLOCK + size)) return;
    if (type === PAX_HEADER) paxSize = sizeOfPax(readAt(source, at + BLOCK, Math.min(size, MOST_PAX_BYTES)));
    else paxSize = undefined;
    if (REGULAR.includes(type)) {
      yield new SliceSource(source, at + BLOCK, size, `${source.name}: ${nameOf(header)}`);
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}

/** The sum of all bytes, those of the checksum itself taken as blanks. */
function isHeader(header: Uint8Array): boolean {
  if (latin1(header, MAGIC_AT, 5) !== 'ustar') return false;
  let sum = 8 * 0x20;
  for (const [index, byte] of header.entries()) {
    if (index < CHECKSUM_AT || index >= CHECKSUM_AT + 8) sum += byte;
  }
  return octal(latin1(header, CHECKSUM_AT, 8)) === sum;
}

function sizeOf(header: Uint8Array): number {
  if (((header[SIZE_AT] ?? 0) & 0x80) === 0) return octal(latin1(header, SIZE_AT, 12));
  let size = 0;
  for (const byte of header.subarray(SIZE_AT + 4, SIZE_AT + 12)) size = size * 256 + byte;
  return size;
}

/** Records "LENGTH KEY=VALUE\n". */
function sizeOfPax(bytes: Uint8Array): number | undefined {
  const size = /^\d+ size=(\d+)$/m.exec(new TextDecoder('latin1').decode(bytes))?.[1];
  return size === undefined ? undefined : Number(size);
}

function nameOf(header: Uint8Array): string {
  return decodeCString(header.subarray(0, 100));
}

function octal(text: string): number {
  return Number.parseInt(text.replace(/^[ \0]+/, ''), 8);
}

function latin1(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}
