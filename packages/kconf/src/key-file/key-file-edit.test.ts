import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findGroup, formatSection, insertGroup, isGroupName, replaceGroup, safeParseKeyFile } from '../index';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const text = (data: Uint8Array): string => Buffer.from(data).toString('latin1');
const group = { name: 'new', lines: ['x = 2', '#x = 0x2'] };

describe('insertGroup', () => {
  it.each([
    ['an empty file', '', '[new]\nx = 2\n#x = 0x2\n'],
    ['a plain file', '[a]\nx = 1\n', '[a]\nx = 1\n\n[new]\nx = 2\n#x = 0x2\n'],
    ['a file without a final newline', '[a]\nx = 1', '[a]\nx = 1\n\n[new]\nx = 2\n#x = 0x2\n'],
    ['a file that ends in a blank line', '[a]\n\n', '[a]\n\n[new]\nx = 2\n#x = 0x2\n'],
    ['a file with CRLF', '# c\r\n[a]\r\nb = 1', '# c\r\n[a]\r\nb = 1\r\n\r\n[new]\r\nx = 2\r\n#x = 0x2\r\n'],
    ['a value that ends in a CR', '[a]\nb = 1\r', '[a]\nb = 1\r\r\n\n[new]\nx = 2\n#x = 0x2\n'],
    ['bytes that are no UTF-8', '[a]\nb = \xff\xfe\n', '[a]\nb = \xff\xfe\n\n[new]\nx = 2\n#x = 0x2\n'],
    ['stray lines', '[a]\nstray\n', '[a]\nstray\n\n[new]\nx = 2\n#x = 0x2\n'],
  ])('adds to %s', (_what, before, after) => {
    expect(text(insertGroup(bytes(before), group))).toBe(after);
  });

  it('refuses a group that is there, a name and a line that GLib cannot hold', () => {
    expect(() => insertGroup(bytes('[new]\n'), group)).toThrow(
      expect.objectContaining({ code: 'KEY_FILE_GROUP_EXISTS' }),
    );
    const named = { name: 'a]', lines: [] };
    expect(() => insertGroup(bytes(''), named)).toThrow(
      expect.objectContaining({ code: 'KEY_FILE_GROUP_NAME' }),
    );
    for (const line of ['[h]', 'stray', 'a = 1\nb = 2', 'a = 1\r', 'a = \0', '']) {
      const wrong = { name: 'g', lines: [line] };
      expect(() => insertGroup(bytes(''), wrong)).toThrow(
        expect.objectContaining({ code: 'KEY_FILE_LINE_UNWRITABLE' }),
      );
    }
  });
});

describe('replaceGroup', () => {
  const NEW = '[new]\nx = 2\n#x = 0x2\n';

  it.each([
    ['in the middle', '[a]\n[new]\nold = 1\n\n[b]\n', `[a]\n${NEW}\n[b]\n`],
    ['at the end, without a final newline', '[a]\n\n[new]\nold = 1', `[a]\n\n${NEW}`],
    [
      'before a comment block of the next group',
      '[new]\nold = 1\n# b is\n# good\n[b]\n',
      `${NEW}# b is\n# good\n[b]\n`,
    ],
    [
      'before a comment set off by a blank line',
      '[new]\nold = 1\n\n# ours\n\n[b]\n',
      `${NEW}\n# ours\n\n[b]\n`,
    ],
    ['with its own comments at its end', '[new]\nold = 1\n# of old\n\n[b]\n', `${NEW}\n[b]\n`],
    ['with twins before the next header', '[new]\nold = 1\n#old = 0x1\n# b\n[b]\n', `${NEW}# b\n[b]\n`],
    [
      'that occurs twice',
      '[new]\nold = 1\n\n[a]\ny = 1\n\n[new]\nold = 2\n\n# end\n',
      `${NEW}\n[a]\ny = 1\n\n\n# end\n`,
    ],
    ['with blanks around its header', '  [new] \nold = 1\n', NEW],
    ['before a header that cannot be read', '[new]\nold = 1\n[b\nkept = 1\n', `${NEW}[b\nkept = 1\n`],
    ['in a file with CRLF', '[new]\r\nold = 1\r\n[b]\r\n', `${NEW.replaceAll('\n', '\r\n')}[b]\r\n`],
  ])('replaces a group %s', (_what, before, after) => {
    expect(text(replaceGroup(bytes(before), group))).toBe(after);
  });

  it('refuses a group that is not there', () => {
    expect(() => replaceGroup(bytes('[a]\n'), group)).toThrow(
      expect.objectContaining({ code: 'KEY_FILE_GROUP_UNKNOWN' }),
    );
  });
});

describe('what was edited', () => {
  const line = fc.oneof(
    fc.constantFrom(
      '[a]',
      '[b]',
      '[new]',
      '# c',
      '',
      'k = v',
      'x = 1',
      'stray',
      '[',
      '#x = 0x1',
      '\xff = \xfe',
    ),
    fc.string({ maxLength: 12 }).map((each) => each.replace(/[\r\n]/g, '')),
  );
  const file = fc
    .array(fc.tuple(line, fc.constantFrom('\n', '\n', '\r\n', '\r\r\n')), { maxLength: 12 })
    .chain((lines) =>
      fc.boolean().map((cut) =>
        lines
          .map((each) => each.join(''))
          .join('')
          .slice(0, cut ? -1 : undefined),
      ),
    );

  it('insert: the old bytes are a prefix, and read(edit(f)) = read(f) + group', () => {
    fc.assert(
      fc.property(file, (content) => {
        const before = bytes(content);
        const { groups } = safeParseKeyFile(before).file;
        fc.pre(findGroup({ groups }, 'new') === undefined);
        const after = insertGroup(before, group);
        expect(text(after.subarray(0, before.length))).toBe(text(before));
        const read = safeParseKeyFile(after).file.groups;
        expect(read.slice(0, -1).map(({ entries }) => entries)).toEqual(groups.map(({ entries }) => entries));
        expect(read.at(-1)).toMatchObject({ name: 'new', entries: [{ key: 'x', value: '2' }] });
      }),
    );
  });

  it('replace: the other groups read as before, and replacing twice changes nothing more', () => {
    fc.assert(
      fc.property(file, (content) => {
        const before = bytes(`${content.slice(0, 3)}\n[new]\n${content}`);
        const others = (data: Uint8Array): unknown =>
          safeParseKeyFile(data)
            .file.groups.filter(({ name }) => name !== 'new')
            .map(({ entries }) => entries.map(({ key, value }) => [key, value]));
        const after = replaceGroup(before, group);
        expect(others(after)).toEqual(others(before));
        expect(findGroup(safeParseKeyFile(after).file, 'new')?.entries.length).toBe(1);
        // Comments between two groups of the name end up behind the one that is left, and are its own then.
        if (!content.includes('[new]')) expect(text(replaceGroup(after, group))).toBe(text(after));
      }),
    );
  });
});

describe('formatSection', () => {
  it('prints what reads back', () => {
    expect(formatSection('g', ['name = #1 SMP'])).toBe('[g]\nname = #1 SMP\n');
  });

  it.each([
    ['', false],
    ['a]', false],
    ['a[b', false],
    ['a\nb', false],
    ['a\x7f', false],
    ['\ud800', false],
    [' g ', true],
    ['ä:|#', true],
  ])('knows whether GLib can hold the name %j', (name, expected) => {
    expect(isGroupName(name)).toBe(expected);
  });
});
