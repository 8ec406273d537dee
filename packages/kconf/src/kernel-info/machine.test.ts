import { processorTime } from '@osi-linux/test-fixtures/expect';
import { describe, expect, it } from 'vitest';
import { findMachine } from './machine';

describe('findMachine', () => {
  it.each([
    ['5.4.0-42-generic|#46 SMP|x86_64', 'x86_64', 8, true],
    ['5.4.0-42-generic|#46 SMP|x86_64 Ubuntu Live DVD 18.04.5', 'x86_64', 8, true],
    ['#1 SMP Debian 3.2.51-1 i686', 'i686', 4, true],
    ['4.4.0|#1|i386', 'i386', 4, true],
    ['3.2.0-4-versatile|#1|armv5tejl', 'armv5tejl', 4, false],
    ['3.2.0-4-4kc-malta|#1|mipsel', 'mipsel', 4, false],
    ['5.4.0|#1|aarch64', 'aarch64', 8, false],
    ['5.4.0|#1|vax', 'vax', undefined, false],
    ['5.4.0|#1|', undefined, undefined, false],
    ['', undefined, undefined, false],
  ])('reads the machine of %j', (name, machine, pointerSize, x86) => {
    expect(findMachine(name, undefined)).toEqual({ name: machine, pointerSize, x86 });
  });

  it('tells the width by an address where the name does not', () => {
    expect(findMachine(undefined, 0xffffffff82613780n).pointerSize).toBe(8);
    expect(findMachine('x', 0xc1ae9a80n).pointerSize).toBe(4);
    expect(findMachine('x', 0n).pointerSize).toBeUndefined();
  });

  it('takes work in proportion to the length of a name', () => {
    const names = [
      ...['', ' ', ' x', '|'].map((tail) => `${'a'.repeat(2_000_000)}${tail}`),
      ...['a', ' '].map((tail) => `x${' '.repeat(2_000_000)}${tail}`),
    ];
    const spent = processorTime(() => names.map((name) => findMachine(name, undefined)));
    expect(spent).toBeLessThan(5000);
  });
});
