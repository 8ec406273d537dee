import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress, offsetAddress, parseAddress } from './address';

const address = fc.bigInt({ min: 0n, max: 0xffffffffffffffffn });

describe('addresses', () => {
  it('parseAddress(formatAddress(a)) ≡ a', () => {
    fc.assert(
      fc.property(address, (value) => {
        expect(parseAddress(formatAddress(value))).toBe(value);
      }),
    );
  });

  it('offsetAddress(offsetAddress(a, n), -n) ≡ a, wrapping as the kernel does', () => {
    fc.assert(
      fc.property(address, fc.integer(), (value, offset) => {
        const moved = offsetAddress(value, offset);
        expect(moved).toBe(BigInt.asUintN(64, moved));
        expect(offsetAddress(moved, -offset)).toBe(value);
      }),
    );
  });

  it.each(['', '0x', '12g', '-1', '0x11112222333344445', '18446744073709551616', ' 1'])(
    '%j is not an address',
    (text) => {
      expect(() => parseAddress(text)).toThrow(/not an address/);
    },
  );
});
