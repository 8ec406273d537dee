import { describe, expect, it } from 'vitest';
import { formatByteSize } from './byte-size';

describe('formatByteSize', () => {
  it.each([
    [0n, '0 bytes'],
    [1n, '1 byte'],
    [1023n, '1023 bytes'],
    [4080n, '4080 bytes'],
    [4096n, '4 KiB'],
    [1n << 21n, '2 MiB'],
    [1n << 39n, '512 GiB'],
    [(1n << 39n) + 1n, '549755813889 bytes'],
    [3n << 62n, '12 EiB'],
    [1n << 80n, '1048576 EiB'],
  ])('writes %s in the largest unit that divides it', (bytes, expected) => {
    expect(formatByteSize(bytes)).toBe(expected);
  });
});
