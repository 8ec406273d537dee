import { expect, it } from 'vitest';
import { i386, x86_64 } from './architecture';

it('kernel addresses are those of the upper half', () => {
  const addresses = [0n, 0x7fffffffffffn, 0xff11000000000000n, 0xffffffff81000000n, 1n << 64n];
  expect(addresses.map(x86_64.isKernelAddress)).toEqual([false, false, true, true, false]);
});

it('kernel addresses of 32 bits begin at the lowest VMSPLIT', () => {
  const addresses = [0x8048000n, 0x40000000n, 0xc1000000n, 0xffffffffn, 1n << 32n];
  expect(addresses.map(i386.isKernelAddress)).toEqual([false, true, true, true, false]);
});
