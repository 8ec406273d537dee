import { describe, expect, it } from 'vitest';
import { findSwapTypes } from './swap-types';

describe('findSwapTypes', () => {
  it('takes the numbers that the kernel has given', () => {
    const info = {
      'swap.SWP_HWPOISON': 23,
      'swap.SWP_MIGRATION_READ': 24,
      'swap.SWP_MIGRATION_WRITE': 26,
      'swap.SWP_DEVICE_WRITE': 29,
    };
    expect(findSwapTypes(info)).toEqual({ migration: [24, 25, 26], poisoned: [23], device: [29, 30, 31] });
  });

  it('knows nothing without them, and goes past no last type', () => {
    expect(findSwapTypes({})).toBeUndefined();
    expect(findSwapTypes({ 'swap.SWP_MIGRATION_READ': 30, 'swap.SWP_MIGRATION_WRITE': 1e9 })).toEqual({
      migration: [30, 31],
      poisoned: [],
      device: [],
    });
    expect(findSwapTypes({ 'swap.SWP_MIGRATION_READ': -4 })?.migration).toEqual([]);
  });
});
