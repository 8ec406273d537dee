import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCString, decodeStringList, decodeText, escapeControls, escapeLines } from './text';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('decodeStringList', () => {
  it.each([
    ['', []],
    ['\0', ['']],
    ['sh\0', ['sh']],
    ['sh', ['sh']],
    ['sh\0\0', ['sh', '']],
    ['\0a\0', ['', 'a']],
  ])('reads %j as %j', (text, expected) => {
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

describe('decodeStringList of any bytes', () => {
  it('≡ each run between NULs, decoded by itself', () => {
    const byte = fc.oneof(
      fc.constant(0),
      fc.constantFrom(0xc3, 0xe2, 0xf0, 0x9f, 0xef, 0xbb, 0xbf),
      fc.nat(255),
    );
    fc.assert(
      fc.property(fc.array(byte, { minLength: 1, maxLength: 40 }), (list) => {
        const body = list.at(-1) === 0 ? list.slice(0, -1) : list;
        const runs: number[][] = [[]];
        for (const value of body) {
          if (value === 0) runs.push([]);
          else runs.at(-1)!.push(value);
        }
        expect(decodeStringList(Uint8Array.from(list))).toEqual(
          runs.map((run) => decodeText(Uint8Array.from(run))),
        );
      }),
    );
  });
});

describe('decodeCString', () => {
  it('≡ decodeText up to the first NUL, of any bytes and bounds', () => {
    const byte = fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 1, max: 0x7f }) }, fc.nat(255));
    const buffer = fc.uint8Array({ maxLength: 80 });
    const mostlyAscii = fc.array(byte, { maxLength: 80 }).map((list) => Uint8Array.from(list));
    fc.assert(
      fc.property(fc.oneof(buffer, mostlyAscii), fc.nat(80), fc.nat(80), (all, first, size) => {
        const start = Math.min(first, all.length);
        const end = Math.min(start + size, all.length);
        const field = all.slice(start, end);
        const nul = field.indexOf(0);
        expect(decodeCString(all, start, end)).toBe(decodeText(nul < 0 ? field : field.slice(0, nul)));
      }),
    );
  });

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
        const steering =
          /[\p{Cc}\u2028\u2029\u061c\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/u;
        expect(escapeControls(text)).not.toMatch(steering);
        expect(escapeLines(text).replace(/[\n\t]/g, '')).not.toMatch(steering);
      }),
    );
  });

  it.each([
    ['\u061c', '\\u061c'],
    ['a\u200bb\u200c\u200d', 'a\\u200bb\\u200c\\u200d'],
    ['\ufeff', '\\ufeff'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\x7f\x85\u202e', '\\x7f\\x85\\u202e'],
    ['\ufe0f\u3164', '\\ufe0f\\u3164'],
  ])('shows what has no shape or turns the text: %j', (text, expected) => {
    expect(escapeControls(text)).toBe(expected);
    expect(escapeLines(`\\${text}\n\t`)).toBe(`\\${expected}\n\t`);
  });

  it('leaves letters, accents and pictures as they are', () => {
    for (const text of ['e\u0301', '\u4e2d\u6587', '\u0627\u0644', '\u{1f600}', 'a b'])
      expect(escapeControls(text)).toBe(text);
  });

  it('tells an escaped character from the same text typed out', () => {
    expect(escapeControls('\n')).not.toBe(escapeControls('\\n'));
    expect(escapeControls('\u202e\u009b')).toBe('\\u202e\\x9b');
  });
});
