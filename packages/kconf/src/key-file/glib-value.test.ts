import { describe, expect, it } from 'vitest';
import { readGlibInteger, readGlibString, readGlibUint64 } from './glib-value';

const WORD_MAX = 18446744073709551615n;

// The answers of GLib 2.74.6; test-fixtures/glib asks it about generated values as well.
describe('g_key_file_get_integer', () => {
  it.each([
    ['5', 5],
    ['+16', 16],
    ['-16', -16],
    ['010', 10],
    ['-0', 0],
    ['5 # five', 5],
    ['5 x', 5],
    ['5\t', 5],
    ['\v5', 5],
    [`${'0'.repeat(500_000)}7`, 7],
    ['2147483647', 2147483647],
    ['-2147483648', -2147483648],
  ])('reads case %#: %#', (text, value) => {
    expect(readGlibInteger(text)).toEqual({ value });
  });

  it.each([
    ['', '5#five', '5\v', '0x10', 'None', '5.0', '"5"', '- 5', '--5', '2147483648', '-2147483649'],
    ['9'.repeat(1_000_000), '1096task.tgid_offset = 1100'],
  ])('refuses: case %#', (...texts) => {
    for (const text of texts) expect(readGlibInteger(text)).toHaveProperty('complaint');
  });
});

describe('g_key_file_get_uint64', () => {
  it.each([
    ['18446744071849473856', 18446744071849473856n],
    ['-16', 18446744073709551600n],
    ['+5', 5n],
    ['\v5', 5n],
    ['18446744073709551616', WORD_MAX],
    ['-18446744073709551616', WORD_MAX],
    ['9'.repeat(1_000_000), WORD_MAX],
    ['-0', 0n],
  ])('reads case %#', (text, value) => {
    expect(readGlibUint64(text)).toEqual({ value });
  });

  it.each(['', '5 ', '5 # x', '0x10', '5\v', '-', '- 5', '1_0'])('refuses %j', (text) => {
    expect(readGlibUint64(text)).toHaveProperty('complaint');
  });
});

describe('g_key_file_get_string', () => {
  it('decodes the escapes that it knows, and refuses others and what is no UTF-8', () => {
    expect(readGlibString('#1\\sSMP \\t\\\\', false)).toEqual({ value: '#1 SMP \t\\' });
    for (const text of ['\\q', 'a\\']) expect(readGlibString(text, false)).toHaveProperty('complaint');
    expect(readGlibString('\uFFFD', true)).toHaveProperty('complaint');
    expect(readGlibString('\uFFFD', false)).toEqual({ value: '\uFFFD' });
  });
});
