import { OsiError } from '@osi-linux/core';

/** Where the sections of a BTF lie, in bytes from its first byte. */
export interface BtfHeader {
  /** Bytes of the whole: header and sections. */
  readonly size: number;
  /** First byte of the types. */
  readonly typesAt: number;
  /** Bytes of the types, a multiple of 4. */
  readonly typesSize: number;
  /** First byte of the strings. */
  readonly stringsAt: number;
  /** Bytes of the strings. */
  readonly stringsSize: number;
  /** First byte of the layout of kinds; 0 if there is no such layout. */
  readonly layoutAt: number;
  /** Bytes of the layout. */
  readonly layoutSize: number;
}

/** Bytes that every header has, and those of one with a layout section. */
const SHORT = 24;
const LONG = 32;
const MAGIC = 0xeb9f;
/** No header is longer, and the sections of none are: ten times those of today's kernels. */
const MAX_HEADER = 4096;
const MAX_SECTION = 32 * 1024 * 1024;

/** How many bytes of a BTF {@link readBtfHeader} needs at least. */
export const BTF_HEADER_SIZE = LONG;

/**
 * Reads the header of a BTF, little-endian; `undefined` for other bytes and for sizes that no kernel has.
 *
 * Sections may stand in any order behind the header, whose length the header itself contains: 24 bytes, or 32
 * with a layout section (include/uapi/linux/btf.h, `struct btf_header`). The sections are not compared with
 * `bytes.length`, so that the first page of a BTF is enough.
 */
export function readBtfHeader(bytes: Uint8Array): BtfHeader | undefined {
  if (bytes.length < SHORT) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number): number => view.getUint32(at, true);
  const length = word(4);
  if (view.getUint16(0, true) !== MAGIC || view.getUint8(2) !== 1) return undefined;
  if (length < SHORT || length > MAX_HEADER) return undefined;
  const [typeOff, typesSize, strOff, stringsSize] = [word(8), word(12), word(16), word(20)];
  const withLayout = length >= LONG && bytes.length >= LONG;
  const [layoutOff, layoutSize] = withLayout ? [word(24), word(28)] : [0, 0];
  if ([typeOff, typesSize, strOff, stringsSize, layoutOff, layoutSize].some((size) => size > MAX_SECTION))
    return undefined;
  if (typeOff % 4 !== 0 || typesSize % 4 !== 0 || length % 4 !== 0) return undefined;
  const end = Math.max(typeOff + typesSize, strOff + stringsSize, layoutOff + layoutSize);
  return {
    size: length + end,
    typesAt: length + typeOff,
    typesSize,
    stringsAt: length + strOff,
    stringsSize,
    layoutAt: layoutSize === 0 ? 0 : length + layoutOff,
    layoutSize,
  };
}

/**
 * The header of a BTF that is there whole.
 *
 * @throws OsiError `BTF_MALFORMED` where there is no header, a section reaches behind the bytes, or the strings do
 * not begin and end with a NUL.
 */
export function requireBtfHeader(bytes: Uint8Array): BtfHeader {
  const header = readBtfHeader(bytes);
  if (header === undefined) throw malformedBtf('the header of a little-endian BTF is missing', 0);
  if (header.size > bytes.length) {
    throw malformedBtf(`its sections end at byte ${header.size}, but it has ${bytes.length} bytes`, 0);
  }
  const { stringsAt, stringsSize } = header;
  const [first, last] = [bytes[stringsAt], bytes[stringsAt + stringsSize - 1]];
  if (stringsSize === 0) return header;
  if (last !== 0)
    throw malformedBtf(`its strings end with ${last}, expected NUL`, stringsAt + stringsSize - 1);
  if (first === undefined) throw malformedBtf('it has no strings', stringsAt);
  return header;
}

/** The error about bytes that are not BTF; `at` is the position in it. */
export function malformedBtf(what: string, at: number): OsiError {
  return new OsiError('BTF_MALFORMED', `the BTF is damaged: ${what}`, {
    hint: 'use /sys/kernel/btf/vmlinux of the running kernel, or import the log of the kernelinfo module',
    fields: { at },
  });
}
