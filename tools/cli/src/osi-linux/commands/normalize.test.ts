import { OsiError } from '@osi-linux/core';
import { describe, expect, it } from 'vitest';
import { normalizeOsiTest } from './normalize';

const STARS = (number: string) => `***${number}${'*'.repeat(33)}\n`;
const PERCENTS = (number: string) => `%%%${number}${'%'.repeat(33)}\n`;

function process(name: string, pid: number, ppid: number): string {
  return `  ${name.padEnd(16)}\t${pid}\t${ppid}\n`;
}

function library(name: string, file: string, base = '0x0000000000400000'): string {
  return `\t${base}\t4096\t${name.padEnd(24)} ${file}\n`;
}

describe('the normaliser of osi_test', () => {
  it('keeps the lists of processes and libraries, each numbered, and drops the rest', () => {
    const block = `Current process: sh PID:7 PPID:1

Process list (2 procs):
${process('swapper/0', 0, 0)}${process('sh', 7, 1)}
${'-'.repeat(49)}

Dynamic libraries list (1 libs):
${library('libc.so.6', '/lib/libc.so.6')}
Kernel module list (1 modules):
${library('ext4', '(null)')}
${'-'.repeat(49)}

`;
    const processes = (number: string) => `${STARS(number)}swapper/0 0 0\nsh 7 1\n${STARS(number)}`;
    const libraries = (number: string) =>
      `${PERCENTS(number)}0x0000000000400000 4096 libc.so.6 /lib/libc.so.6\n${PERCENTS(number)}`;
    expect(normalizeOsiTest(block + block)).toBe(
      processes('0000') + libraries('0000') + processes('0001') + libraries('0001'),
    );
  });

  it.each([
    ['a blank', 'Web Content'],
    ['a tab and a number', 'a\t1\t2'],
    ['newlines', 'a\n\nb'],
    ['something like a heading', '(9 procs)'],
  ])('takes a process whose name has %s', (_, name) => {
    const text = `Process list (2 procs):\n${process(name, 5, 1)}${process('sh', 7, 1)}\n`;
    expect(normalizeOsiTest(text)).toBe(`${STARS('0000')}${name} 5 1\nsh 7 1\n${STARS('0000')}`);
  });

  it.each([
    ['blanks', 'my lib.so', '/opt/my dir/my lib.so'],
    [
      'blanks and more than 24 bytes',
      'a library with a long name.so',
      '/opt/x y/a library with a long name.so',
    ],
    ['no file', '[heap]', '(null)'],
    ['no slash in it', '(null)', 'memfd:a b'],
  ])('takes a library with %s', (_, name, file) => {
    const text = `Dynamic libraries list (1 libs):\n${library(name, file, '0x08048000')}\n`;
    expect(normalizeOsiTest(text)).toBe(
      `${PERCENTS('0000')}0x08048000 4096 ${name} ${file}\n${PERCENTS('0000')}`,
    );
  });

  it('counts the bytes of a name, not its characters', () => {
    const line = `\t0x08048000\t1\t${'ü'.repeat(12)} /lib/${'ü'.repeat(12)}\n`;
    expect(normalizeOsiTest(`Dynamic libraries list (1 libs):\n${line}`)).toContain(
      `0x08048000 1 ${'ü'.repeat(12)} /lib/${'ü'.repeat(12)}\n`,
    );
  });

  it('takes rows that repeat', () => {
    const twice = process('sh', 7, 1).repeat(2);
    expect(normalizeOsiTest(`Process list (2 procs):\n${twice}`)).toContain('sh 7 1\nsh 7 1\n');
  });

  it('takes no list at all', () => {
    expect(normalizeOsiTest('Process list not available.\n')).toBe('');
  });

  it.each([
    'Process list (2 procs):\n  sh              \t7\t1\n\n',
    'Process list (999999999 procs):\n',
    'Dynamic libraries list (1 libs):\nsomething else\n',
  ])('refuses a list that is shorter than it says: %j', (text) => {
    let thrown: unknown;
    try {
      normalizeOsiTest(text);
    } catch (error) {
      thrown = error;
    }
    expect(OsiError.is(thrown) && thrown.code).toBe('OSI_TEST_MALFORMED');
  });
});
