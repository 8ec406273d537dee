import { describe, expect, it } from 'vitest';
import { bytesOf } from '../internal/made-truth';
import { parseProcMaps } from './proc-maps';

const parse = (text: string) => parseProcMaps(bytesOf(text));

describe('parseProcMaps', () => {
  it('reads both widths, offsets of more than 4 GiB, and lines without a text', () => {
    const [narrow, wide, bare] = parse(
      '08048000-08049000 r-xp 00000000 00:02 71         /bin/a\n' +
        '7f0000000000-7f0000001000 -w-s 123456000 fd:01 18446744073709551615                    /x y\n' +
        '7f0000002000-7f0000003000 ---p 00000000 00:00 0 \n',
    );
    expect(narrow).toEqual({
      start: 0x8048000n,
      end: 0x8049000n,
      perms: 'r-xp',
      offset: 0n,
      hasFile: true,
      text: '/bin/a',
    });
    expect(wide).toMatchObject({ perms: '-w-s', offset: 0x123456000n, hasFile: true, text: '/x y' });
    expect(bare).toMatchObject({ perms: '---p', hasFile: false, text: '' });
  });

  it.each([
    ['[heap]', '00:00 0', false],
    ['/tmp/[heap]', '00:12 5', true],
    ['[anon:a  b]', '00:00 0', false],
    ['/dev/zero (deleted)', '00:01 3', true],
    ['anon_inode:[perf_event]', '00:0d 7', true],
    ['/a/  two blanks, \\012, \r and \u00e9', '00:12 5', true],
  ])('tells by device and inode whether %j is a file', (text, device, hasFile) => {
    const bytes = Uint8Array.from(Buffer.from(`00400000-00401000 rw-p 00000000 ${device}      ${text}\n`));
    expect(parseProcMaps(bytes)).toEqual([expect.objectContaining({ text, hasFile })]);
  });

  it('shows invalid UTF-8 as U+FFFD', () => {
    expect(parse('1000-2000 r--p 0 00:12 5 /bad\xff\xc3(\n')[0]?.text).toBe('/bad\ufffd\ufffd(');
  });

  it('refuses other lines', () => {
    for (const line of ['1000-2000 rw-q 0 00:00 0 \n', '1000 rw-p 0 00:00 0\n', '\n', 'x\n'])
      expect(() => parse(line)).toThrow('maps has a line of another form');
    expect(parse('')).toEqual([]);
  });
});
