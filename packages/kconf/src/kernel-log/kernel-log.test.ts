import { readFileSync } from 'node:fs';
import { OsiError } from '@osi-linux/core';
import { processorTime } from '@osi-linux/test-fixtures/expect';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findKernelInfoBlock } from '../index';

const LOGS = new URL('../../../../test-fixtures/logs/', import.meta.url);
const readLog = (name: string): string => readFileSync(new URL(name, LOGS), 'utf8');
const dmesg = readLog('debian-6.1-amd64.log');
const texts = (log: string): string[] => findKernelInfoBlock(log).lines.map(({ text }) => text);
const expected = texts(dmesg);
const reprefix = (prefix: (stamp: string) => string): string =>
  dmesg.replace(/^\[ *(\d+\.\d+)\] /gm, (_whole, stamp: string) => prefix(stamp));

/** A log as a terminal of a width captures it; `cut` as a program that saves a screen leaves out blanks at the end. */
const wrap = (log: string, width: number, cut = false): string =>
  log
    .split('\n')
    .flatMap((line) => line.match(new RegExp(`.{1,${width}}`, 'g')) ?? [''])
    .map((line) => (cut ? line.trimEnd() : line))
    .join('\n');

describe('the lines of a wrapped block', () => {
  const widths = Array.from({ length: 170 }, (_, index) => index + 36);

  it('are joined again, at any width', () => {
    for (const width of widths) expect([width, texts(wrap(dmesg, width))]).toEqual([width, expected]);
  });

  it('are joined again without a prefix of a logger', () => {
    const bare = reprefix(() => '');
    for (const width of widths) expect([width, texts(wrap(bare, width))]).toEqual([width, expected]);
  });

  it('are joined again in a quotation', () => {
    for (const width of [60, 80, 100])
      expect(texts(wrap(dmesg, width).replace(/^/gm, '> '))).toEqual(expected);
  });

  it.each([
    ['of Debian', dmesg],
    ['of Ubuntu', dmesg.replace(/#1 SMP[^|]*/g, '#24~18.04.1-Ubuntu SMP Mon Jul 29 16:12:22 UTC 2019')],
  ])('are joined with the blank that a program cut off, in a name %s', (_what, log) => {
    const whole = texts(log);
    for (const width of widths) expect([width, texts(wrap(log, width, true))]).toEqual([width, whole]);
  });

  it('are named, by the first that was wrapped', () => {
    const wrapped = wrap(dmesg, 80);
    const line = wrapped.split('\n').findIndex((text) => text.includes(' name = ')) + 1;
    expect(findKernelInfoBlock(wrapped).issues).toMatchObject([
      { severity: 'warning', line, message: expect.stringContaining('wrapped at 80 columns') },
    ]);
    expect(findKernelInfoBlock(dmesg).issues).toEqual([]);
  });

  it('are not joined where it cannot be decided, with the line', () => {
    const lines = wrap(dmesg, 60).split('\n');
    const at = lines.findIndex((line) => line.length < 60 && line.includes('task.size'));
    const full = `${lines[at]}`.replace(/ = .*/, (value) =>
      value.padEnd(value.length + 60 - `${lines[at]}`.length, '0'),
    );
    lines.splice(at, 1, full, 'login: root');
    const { issues } = findKernelInfoBlock(lines.join('\n'));
    const errors = issues.filter(({ severity }) => severity === 'error');
    expect(errors).toMatchObject([{ line: at + 2, message: expect.stringContaining('cannot be decided') }]);
  });
});

describe('findKernelInfoBlock', () => {
  it('finds the block of a real guest, each line with its number', () => {
    const block = findKernelInfoBlock(dmesg);
    expect([block.beginLine, block.endLine, block.lines.length]).toEqual([6, 84, 77]);
    expect(block.lines[0]?.text).toMatch(/^name = 6\.1\.0-56-amd64\|/);
    expect(block.lines[8]).toEqual({ line: 15, text: '#task.per_cpu_offsets_addr = 0xFFFFFFFF8F21CB60' });
    expect(block.issues).toEqual([]);
  });

  it.each([
    ['dmesg --raw', readLog('debian-6.1-amd64-raw.log')],
    ['no prefix', reprefix(() => '')],
    ['CRLF', dmesg.replaceAll('\n', '\r\n')],
    ['a serial console', dmesg.replaceAll('\n', '\r\r\n')],
    ['indented', reprefix((stamp) => `    [${stamp}] `)],
    ['journalctl -k', reprefix(() => 'Nov 22 12:00:00 guest kernel: ')],
    ['syslog', reprefix((stamp) => `Nov  2 12:00:00 guest kernel: [${stamp.padStart(12)}] `)],
    ['syslog with an ISO date', reprefix(() => '2026-11-22T12:00:00.123456+00:00 guest kernel: ')],
    ['dmesg -T', reprefix(() => '[Sun Nov 22 12:00:00 2026] ')],
    ['dmesg -x', reprefix((stamp) => `kern  :info  : [${stamp}] `)],
    ['dmesg -d', reprefix((stamp) => `[${stamp} <    0.000065>] `)],
    ['dmesg --time-format iso', reprefix(() => '2026-11-22T12:00:00,123456+00:00 ')],
    ['the printk caller', reprefix((stamp) => `[${stamp}][  T812] `)],
    ['dmesg --color', reprefix((stamp) => `\x1b[32m[${stamp}] \x1b[0m`)],
    ['dmesg -e, where a minute begins', reprefix(() => '[Nov22 12:00] ')],
    ['dmesg -e after 100 seconds', reprefix(() => '[ +100.000012] ')],
    ['a month of another locale', reprefix(() => 'déc. 22 12:00:00 guest kernel: ')],
    ['journalctl in another zone', reprefix(() => 'Sun 2026-11-22 12:00:00 +0330 guest kernel: ')],
    ['a time stamp of a CI job', reprefix((stamp) => `2026-11-22T12:00:00.1234567Z [${stamp}] `)],
    ['a raw line in syslog', reprefix((stamp) => `Nov 22 12:00:00 guest kernel: <6>[${stamp}] `)],
    ['lone carriage returns', `\r${dmesg.replaceAll('\n', '\n\r')}`],
    ['no final newline', dmesg.slice(0, dmesg.indexOf('END---') + 6)],
    ['three dashes', dmesg.replace('--KERNELINFO-BEGIN--', '---KERNELINFO-BEGIN---')],
    ['two dashes', dmesg.replace('---KERNELINFO-END---', '--KERNELINFO-END--')],
  ])('reads %s', (_what, log) => {
    expect(texts(log)).toEqual(expected);
  });

  it.each([
    ['Android, by its processor', reprefix((stamp) => `<6>[${stamp}] [0: insmod: 4321] `)],
    ['Android, padded', reprefix((stamp) => `<6>[${stamp}]  [2:         insmod: 4321] `)],
    ['Android, by processor and thread', reprefix((stamp) => `<6>[${stamp}]  (0)[4321:insmod]`)],
    ['Android, by a letter', reprefix((stamp) => `<6>[${stamp}] c0   4321 `)],
    ['a quotation', dmesg.replace(/^/gm, '> ')],
    ['a quotation of one', dmesg.replace(/^/gm, '> > ')],
    [
      'two records on one line',
      dmesg.replace(/(x86_64)\n/, '$1\n[    1.0] #arch = x86_64<6>').replace(/<6>\[ *[\d.]+\] /, '<6>'),
    ],
  ])('reads %s', (what, log) => {
    const lines = texts(log).filter((text) => !what.startsWith('two') || !text.startsWith('#arch'));
    expect(lines).toEqual(expected);
    expect(findKernelInfoBlock(log).issues).toEqual([]);
  });

  it('leaves out a line of another driver that only looks like a row', () => {
    const mixed = dmesg.replace(/\n(.*task\.size)/, '\n[    2.5] x.y = 5 is not a key\n$1');
    expect(texts(mixed)).toEqual(expected);
    expect(findKernelInfoBlock(mixed).issues).toMatchObject([{ severity: 'warning', line: 19 }]);
  });

  it('finds the block of the founding document, and names its elided line', () => {
    const block = findKernelInfoBlock(readLog('seed-excerpt.log'));
    expect(block.lines.map(({ text }) => text)).toContain('#task.init_addr = 0xC13E0FE0');
    expect(block.lines.length).toBe(19);
    expect(block.issues).toMatchObject([
      { severity: 'incomplete', line: 19, message: expect.stringContaining('[...]') },
    ]);
  });

  it.each([
    '[...]',
    '...',
    '…',
    '[…]',
    '[... omitted ...]',
    '<snip>',
    '[... 12 lines omitted ...]',
    '** 12 printk messages dropped **',
  ])('takes %j for lines that are missing', (line) => {
    const { issues } = findKernelInfoBlock(`--KERNELINFO-BEGIN--\n${line}\n--KERNELINFO-END--\n`);
    expect(issues).toMatchObject([{ severity: 'incomplete', line: 2 }]);
  });

  it('leaves out lines of others and names them', () => {
    const mixed = dmesg.replace(
      /\n(.*task\.size)/,
      '\n[    2.5] audit: type=1400 a=b\n[    2.5] usb 1-1: new device\n$1',
    );
    const block = findKernelInfoBlock(mixed);
    expect(block.lines.map(({ text }) => text)).toEqual(expected);
    expect(block.issues.map(({ severity, line }) => [severity, line])).toEqual([
      ['warning', 19],
      ['warning', 20],
    ]);
  });

  it('names a line of its own that is damaged', () => {
    const { issues } = findKernelInfoBlock(dmesg.replace('task.size = 9792', 'task.size 9792'));
    expect(issues).toMatchObject([{ severity: 'error', key: 'task.size', line: 19 }]);
  });

  it('takes the last whole block', () => {
    const second = dmesg.replace('task.size = 9792', 'task.size = 9793');
    expect(texts(dmesg + second)).toContain('task.size = 9793');
    const cut = findKernelInfoBlock(`${dmesg}[3.0] --KERNELINFO-BEGIN--\n[3.1] task.size = 1\n`);
    expect(cut.lines.length).toBe(77);
    expect(cut.issues).toMatchObject([{ severity: 'warning', line: dmesg.split('\n').length }]);
    const restarted = dmesg.replace(/\n(.*task\.size)/, '\n[2.0] --KERNELINFO-BEGIN--\n$1');
    expect(texts(restarted)[0]).toBe('task.size = 9792');
  });

  it.each([
    ['an empty log', '', 'KERNEL_LOG_NO_BLOCK', undefined],
    [
      'prose about the markers',
      'Copy it (without the KERNELINFO-BEGIN and KERNELINFO-END lines)\n',
      'KERNEL_LOG_NO_BLOCK',
      1,
    ],
    ['no end', dmesg.slice(0, dmesg.indexOf('---KERNELINFO-END')), 'KERNEL_LOG_BLOCK_CUT', 6],
    ['no begin', dmesg.slice(dmesg.indexOf('task.size')), 'KERNEL_LOG_BLOCK_CUT', 66],
  ])('refuses %s', (_what, log, code, line) => {
    const fields = line === undefined ? {} : expect.objectContaining({ line });
    expect(() => findKernelInfoBlock(log)).toThrow(
      expect.objectContaining({ code, fields, hint: expect.any(String) }),
    );
  });

  it('gives a block or an OsiError for any bytes', () => {
    const words = [
      '--KERNELINFO-BEGIN--',
      '---KERNELINFO-END---',
      '[ 1.000000] ',
      'task.size = 1',
      '\n',
      '\r',
      '\0',
      '"msg": "',
    ];
    const parts = fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ unit: 'binary', maxLength: 8 })), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          parts.map((each) => Buffer.from(each.join(''))),
        ),
        (bytes) => {
          try {
            expect(findKernelInfoBlock(bytes).endLine).toBeGreaterThan(0);
          } catch (error) {
            expect(OsiError.is(error) ? error.code : error).toMatch(/^KERNEL_LOG_/);
          }
        },
      ),
    );
  });

  it('names the keys that a cut block has lost', () => {
    const cut = dmesg.slice(dmesg.indexOf('task.tasks_offset'));
    expect(() => findKernelInfoBlock(cut)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(
          'goes from task.tasks_offset in line 1 to mm.env_end_offset in line 64',
        ),
        fields: expect.objectContaining({ missing: expect.arrayContaining(['task.init_addr', 'task.size']) }),
      }),
    );
  });

  it('takes work in proportion to the log', () => {
    const noise = '[    1.000000] --KERNELINFO-BEGIN-- is said here\n'.repeat(200_000);
    const long = `KERNELINFO-${'x'.repeat(2_000_000)}\n`;
    const dots = `--KERNELINFO-BEGIN--\n${`${'.'.repeat(4000)}x\n`.repeat(2000)}--KERNELINFO-END--\n`;
    const full = wrap(dmesg, 80).replace(/\n(.*task\.size)/, `\n${`${'x'.repeat(80)}\n`.repeat(100_000)}$1`);
    const spent = processorTime(() => {
      expect(texts(full)).toEqual(expected);
      expect(texts(noise + long + dmesg)).toEqual(expected);
      expect(() => findKernelInfoBlock('KERNELINFO-'.repeat(500_000))).toThrow();
      expect(findKernelInfoBlock(dots).issues.length).toBe(1001);
    });
    expect(spent).toBeLessThan(5000);
  });
});
