import type { Architecture } from '@osi-linux/core';
import { expect, it } from 'vitest';
import { i386, x86_64 } from './architecture';

const byHalves = (architecture: Architecture) => (address: bigint) =>
  architecture.isKernelHalves?.(Number(address & 0xffffffffn), Number(address >> 32n));

it('kernel addresses are those of the upper half', () => {
  const addresses = [0n, 0x7fffffffffffn, 0xff11000000000000n, 0xffffffff81000000n, 1n << 64n];
  expect(addresses.map(x86_64.isKernelAddress)).toEqual([false, false, true, true, false]);
  expect(addresses.slice(0, -1).map(byHalves(x86_64))).toEqual([false, false, true, true]);
});

it('kernel addresses of 32 bits begin at the lowest VMSPLIT', () => {
  const addresses = [0x8048000n, 0x40000000n, 0xc1000000n, 0xffffffffn, 1n << 32n];
  expect(addresses.map(i386.isKernelAddress)).toEqual([false, true, true, true, false]);
  expect(addresses.map(byHalves(i386))).toEqual([false, true, true, true, false]);
});

it('what the kernel maps in one run has a physical address without page tables', () => {
  const runs = { physBase: -0x200000, pageOffset: 0xffff888000000000n };
  expect(x86_64.linearPhysical(0xffffffff81000000n, runs)).toBe(0xe00000n);
  expect(x86_64.linearPhysical(0xffff888000123456n, runs)).toBe(0x123456n);
  const none = { physBase: undefined, pageOffset: undefined };
  expect(x86_64.linearPhysical(0xffffffff81000000n, none)).toBeUndefined();
  expect(i386.linearPhysical(0xc1000000n, { physBase: 0, pageOffset: 0xc0000000n })).toBe(0x1000000n);
  expect(i386.linearPhysical(0xc1000000n, none)).toBeUndefined();
});

it('per-CPU data is reached through GS with 64 bits, through FS with 32', () => {
  const cpu = { index: 0, registers: { gs_base: 1n, kernel_gs_base: 2n, fs_base: 3n } };
  expect(x86_64.perCpuBases(cpu)).toEqual([1n, 2n]);
  expect(i386.perCpuBases(cpu)).toEqual([3n]);
  expect(x86_64.perCpuBases({ index: 0, registers: {} })).toEqual([]);
});

it.each([x86_64, i386])(
  'the code segment says whether $name runs the kernel or a program',
  (architecture) => {
    const modes = [0x10n, 0x33n, undefined].map((cs) => {
      return architecture.modeOf({ index: 0, registers: cs === undefined ? {} : { cs } });
    });
    expect(modes).toEqual(['kernel', 'user', undefined]);
    expect(architecture.programCounter({ index: 0, registers: { rip: 0x401000n } })).toBe(0x401000n);
  },
);
