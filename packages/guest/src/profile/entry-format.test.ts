import { describe, expect, it } from 'vitest';
import { findEntryFormat } from './entry-format';

describe('findEntryFormat', () => {
  const findSwapTypes = (info: Parameters<typeof findEntryFormat>[0]) => findEntryFormat(info).types;

  it('takes bit 8 for PROT_NONE where tasks have credentials only', () => {
    expect(findEntryFormat({ 'task.real_cred_offset': 0x500 }).globalIsProtNone).toBe(true);
    expect(findEntryFormat({ 'task.cred_offset': 0x500 }).globalIsProtNone).toBe(true);
    expect(findEntryFormat({ 'task.p_opptr_offset': 0x90 }).globalIsProtNone).toBe(false);
  });

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
