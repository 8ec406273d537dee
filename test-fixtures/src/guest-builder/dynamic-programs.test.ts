import { describe, expect, it } from 'vitest';
import { readNeeds } from './dynamic-programs';

// The output of bookworm's readelf for the spinner for i386, shortened.
const PRINTED = `
  INTERP         0x000174 0x00000174 0x00000174 0x00013 0x00013 R   0x1
      [Requesting program interpreter: /lib/ld-linux.so.2]
  LOAD           0x000000 0x00000000 0x00000000 0x004dc 0x004dc R   0x1000
Dynamic section at offset 0x2ef4 contains 29 entries:
  Tag        Type                         Name/Value
 0x00000001 (NEEDED)                     Shared library: [libspin.so]
 0x00000001 (NEEDED)                     Shared library: [libc.so.6]
 0x0000000f (RPATH)                      Library rpath: [/lib]
`;

describe('what a program loads', () => {
  it('is its dynamic linker, and the shared objects that it names', () => {
    expect(readNeeds(PRINTED)).toEqual({
      linker: '/lib/ld-linux.so.2',
      needed: ['libspin.so', 'libc.so.6'],
    });
  });

  it('is nothing where it is static', () => {
    expect(readNeeds('There is no dynamic section in this file.\n')).toEqual({
      linker: undefined,
      needed: [],
    });
  });
});
