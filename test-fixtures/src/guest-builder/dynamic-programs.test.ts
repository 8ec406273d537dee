import { describe, expect, it } from 'vitest';
import { loadedObjects } from './dynamic-programs';

// What ld.so of bookworm printed for the spinner.
const TRACE = `\tlinux-vdso.so.1 (0x00007fff6c5f2000)
\tlibspin.so => /build/dynamic-output/libspin.so (0x00007f4a6a0b2000)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f4a69ec8000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f4a6a0be000)
`;

describe('what a program loads', () => {
  it('are the files of the suite, the linker itself among them', () => {
    expect(loadedObjects(TRACE)).toEqual(['/lib/x86_64-linux-gnu/libc.so.6', '/lib64/ld-linux-x86-64.so.2']);
  });

  it('is not what was not found, nor what the kernel brings', () => {
    expect(loadedObjects('\tlibspin.so => not found\n\tlinux-gate.so.1 (0xb7f0)\n')).toEqual([]);
  });
});
