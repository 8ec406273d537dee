import { describe, expect, it } from 'vitest';
import { areInModes, guestStops } from './guest-stops';

const SPIN = { cpu: 0, cpl: 3, halted: false, ebx: 0x5350494e };
const HALTED = { cpu: 1, cpl: 0, halted: true, ebx: 0 };

describe('the stops of a guest', () => {
  it('have each processor in each mode once, and never two in the same but in the first', () => {
    const [first, ...further] = guestStops({ cpus: 3, state: 'spinning', stops: true });
    expect(first?.modes).toEqual(['program', 'program', 'program']);
    for (const cpu of [0, 1, 2])
      expect(further.map(({ modes }) => modes[cpu]).sort()).toEqual(['idle', 'kernel', 'shared-object']);
    for (const { modes } of further) expect(new Set(modes).size).toBe(3);
  });

  it('are one alone of a guest that is idle, that has other dumps, or of which no more are wanted', () => {
    const one = (modes: string[]) => [{ dump: 'dump.elf', registers: 'registers.txt', modes }];
    expect(guestStops({ cpus: 2, state: 'idle', stops: true })).toEqual(one(['idle', 'idle']));
    expect(guestStops({ cpus: 1, state: 'spinning', stops: true, dumps: [] })).toEqual(one(['program']));
    expect(guestStops({ cpus: 1, state: 'spinning' })).toEqual(one(['program']));
  });
});

describe('the mode of a processor', () => {
  it('is told by who spins where, and at what privilege', () => {
    expect(areInModes([SPIN, HALTED], ['program', 'idle'])).toBe(true);
    expect(areInModes([{ ...SPIN, ebx: 0x53484f42 }], ['shared-object'])).toBe(true);
    expect(areInModes([{ ...SPIN, ebx: 0x4b45524e, cpl: 0 }], ['kernel'])).toBe(true);
  });

  it('is not that of an interrupt in the middle of it, of another processor, or of one too few', () => {
    expect(areInModes([{ ...SPIN, cpl: 0 }], ['program'])).toBe(false);
    expect(areInModes([{ ...SPIN, ebx: 0x5350494f }], ['program'])).toBe(false);
    expect(areInModes([{ ...SPIN, ebx: 0x4b45524e }], ['kernel'])).toBe(false);
    expect(areInModes([SPIN], ['idle'])).toBe(false);
    expect(areInModes([SPIN], ['program', 'idle'])).toBe(false);
  });
});
