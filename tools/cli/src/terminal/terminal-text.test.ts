import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataFor } from './terminal-text';

const terminal = { isTTY: true };
const pipe = {};

describe('text on a terminal', () => {
  it('has no character that turns or hides others', () => {
    const name = 'a\x9b2J\x7f\u202e\u061c\u200b\ufeff\u{e0041}';
    expect(dataFor(terminal, JSON.stringify([{ name }]))).toBe(
      '[{"name":"a\\u009b2J\\u007f\\u202e\\u061c\\u200b\\ufeff\\udb40\\udc41"}]',
    );
    expect(dataFor(pipe, name)).toBe(name);
  });

  it('JSON.parse(dataFor(JSON.stringify(value))) ≡ value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const text = dataFor(terminal, JSON.stringify(value));
        expect(JSON.parse(String(text))).toBe(value);
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
      }),
    );
  });

  it('keeps our own colours, lines and bytes', () => {
    const coloured = '\x1b[31merror:\x1b[39m a\n\tb\r\x1b[K';
    expect(dataFor(terminal, coloured)).toBe(coloured);
    const bytes = Uint8Array.of(0x1b, 0x9b);
    expect(dataFor(terminal, bytes)).toBe(bytes);
  });
});
