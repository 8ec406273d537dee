import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCString, decodeStringList, escapeControls } from './text';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('decodeStringList', () => {
  it.each([
    ['', []],
    ['\0', ['']],
    ['sh\0', ['sh']],
    ['sh', ['sh']],
    ['sh\0\0', ['sh', '']],
    ['\0a\0', ['', 'a']],
  ])('%j is %j', (text, expected) => {
    expect(decodeStringList(bytes(text))).toEqual(expected);
  });

  it('decodeStringList(join(list)) ≡ list', () => {
    const item = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(item, { minLength: 1 }), (list) => {
        expect(decodeStringList(bytes(`${list.join('\0')}\0`))).toEqual(list);
      }),
    );
  });
});

describe('decodeCString', () => {
  it('ends at the first NUL, or with the buffer', () => {
    expect(decodeCString(bytes('ab\0cd'))).toBe('ab');
    expect(decodeCString(bytes('abcd'))).toBe('abcd');
    expect(decodeCString(Uint8Array.of(0x61, 0xf0, 0x9f, 0))).toBe('a\uFFFD');
  });

  it('keeps a byte order mark', () => {
    expect(decodeCString(bytes('\uFEFFx'))).toBe('\uFEFFx');
  });
});

describe('escapeControls', () => {
  it('leaves nothing that steers a terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeControls(text)).not.toMatch(
          /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/u,
        );
      }),
    );
  });

  it('tells an escaped character from the same text typed out', () => {
    expect(escapeControls('\n')).not.toBe(escapeControls('\\n'));
    expect(escapeControls('\u202e\u009b')).toBe('\\u202e\\x9b');
  });
});
