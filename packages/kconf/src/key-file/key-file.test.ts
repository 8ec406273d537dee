import { OsiError } from '@osi-linux/core';
import { processorTime } from '@osi-linux/test-fixtures/expect';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGroup, findEntry, findGroup, parseKeyFile, safeParseKeyFile } from '../index';

const values = (text: string): unknown =>
  parseKeyFile(text).groups.map(({ name, entries }) => [name, entries.map(({ key, value }) => [key, value])]);

describe('parseKeyFile', () => {
  it.each([
    [
      'a value that starts with #',
      '[g]\nname = #1 SMP Debian 3.2.51-1 i686\n',
      [['name', '#1 SMP Debian 3.2.51-1 i686']],
    ],
    ['64 bits', '[g]\nk = 18446744071849473856\n', [['k', '18446744071849473856']]],
    ['trailing blanks, quotes and escapes', '[g]\nk = "a\\s" \n', [['k', '"a\\s" ']]],
    ['blanks around key and value', '[g]\n\t k \t=\t v\n', [['k', 'v']]],
    [
      'the last of a repeated key, at its first place',
      '[g]\na = 1\nb = 2\na = 3\n',
      [
        ['a', '3'],
        ['b', '2'],
      ],
    ],
    ['a key that looks like a comment of ini', '[g]\n; k = v\n', [['; k', 'v']]],
    [
      'CRLF, and a CR without LF at the end',
      '[g]\r\na = 1\r\nb = 2\r',
      [
        ['a', '1'],
        ['b', '2\r'],
      ],
    ],
    ['names that JavaScript treats specially', '[g]\n__proto__ = 1\n', [['__proto__', '1']]],
    [
      'no translations but those of the C locale',
      '[g]\na[de] = 1\na[C] = 2\na[] = 3\n',
      [
        ['a[C]', '2'],
        ['a[]', '3'],
      ],
    ],
  ])('keeps %s', (_what, text, expected) => {
    expect(values(text)).toEqual([['g', expected]]);
  });

  it('merges groups of one name and keeps those apart that only look alike', () => {
    expect(values('[a.b]\nx = 1\n[a]\nb = 2\n[a.b]\ny = 3\n[ubuntu:4.4.0-98-generic:32]\n[ g ]\n')).toEqual([
      [
        'a.b',
        [
          ['x', '1'],
          ['y', '3'],
        ],
      ],
      ['a', [['b', '2']]],
      ['ubuntu:4.4.0-98-generic:32', []],
      [' g ', []],
    ]);
  });

  it.each([
    ['bare text', '[g]\nstray\n', 2],
    ['a semicolon comment', '[g]\n; x\n', 2],
    ['text behind a header', '[g] x\n', 1],
    ['an empty group name', '[]\n', 1],
    ['a key before any group', 'x = 1\n[g]\n', 1],
    ['a byte order mark', '\uFEFF[g]\n', 1],
    ['a log prefix left in', '[g]\n[  166.803659] k = 1\n', 2],
    ['another encoding', '[g]\nEncoding = latin1\n', 2],
    ['a NUL behind the encoding', '[g]\nEncoding = UTF-8\0\n', 2],
    ['no key', '[g]\n= 1\n', 2],
    ['a lone CR at the end of a header', '[g]\r', 1],
  ])('rejects %s with its line', (_what, text, line) => {
    const attempt = () => parseKeyFile(text);
    expect(attempt).toThrow(OsiError);
    expect(attempt).toThrow(
      expect.objectContaining({ code: 'KEY_FILE_MALFORMED', fields: expect.objectContaining({ line }) }),
    );
  });
});

describe('safeParseKeyFile', () => {
  it('reads on behind a malformed line, and names every one', () => {
    const { file, issues } = safeParseKeyFile('[a]\nx = 1\nstray\ny = 2\n[b\nz = 3\n[c]\nw = 4\n');
    expect(file.groups.map(({ name, entries }) => [name, entries.length])).toEqual([
      ['a', 2],
      ['c', 1],
    ]);
    expect(issues.map(({ line, severity }) => [line, severity])).toEqual([
      [3, 'error'],
      [5, 'error'],
      [6, 'warning'],
    ]);
  });

  it('gives lines and comments, and the columns of what is wrong', () => {
    const { file, issues } = safeParseKeyFile('# head\n[a]\n#task.size = 0x10\n\nx = 1\n   stray\n');
    expect(findGroup(file, 'a')).toEqual({
      name: 'a',
      line: 2,
      entries: [{ key: 'x', value: '1', line: 5 }],
      comments: [{ text: '#task.size = 0x10', line: 3 }],
    });
    expect(issues).toMatchObject([{ line: 6, column: 4 }]);
  });

  it('keeps names apart that are different bytes but the same replacement characters', () => {
    const { file } = safeParseKeyFile(Buffer.from('5b675d0a6bff3d310a6bfe3d320a', 'hex'));
    expect(file.groups[0]?.entries.map(({ value }) => value)).toEqual(['1', '2']);
  });

  it('does not keep more findings than a reader can use', () => {
    const { issues } = safeParseKeyFile('x\n'.repeat(5000));
    expect(issues.length).toBe(1001);
    expect(issues.at(-1)?.message).toContain('4000 more');
  });

  it('reads any bytes without failing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const { entries } of safeParseKeyFile(bytes).file.groups)
          for (const { key } of entries) expect(key).not.toBe('');
      }),
    );
  });

  it('takes work in proportion to 10 MB of one line', () => {
    const text = `[g]\nk = ${'x'.repeat(10_000_000)}\n${'['.repeat(1_000_000)}\n`;
    expect(processorTime(() => safeParseKeyFile(text))).toBeLessThan(5000);
  });
});

describe('createGroup', () => {
  it('refuses lines that would not be read back', () => {
    expect(() => createGroup('g', 1, [{ line: 9, text: 'stray' }])).toThrow(/line 9/);
    expect(() => createGroup('g', 1, [{ line: 9, text: '[h]' }])).toThrow(OsiError);
  });

  it('finds entries by their key', () => {
    const group = createGroup('g', 1, [{ line: 9, text: 'a = 1' }]);
    expect(findEntry(group, 'a')).toEqual({ key: 'a', value: '1', line: 9 });
  });
});
