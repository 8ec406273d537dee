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
