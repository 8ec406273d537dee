import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { describe, expect, it } from 'vitest';
import { formatFailure, unwritable } from './failure';

const PROGRAMS = new URL('../../dist/', import.meta.url).pathname;
const { dumpFile, kconfFile, logFile } = readRecordedGuest('debian-12-amd64');

describe('an error that nobody caught', () => {
  it('is one line and a code, without control characters', () => {
    expect(formatFailure(new TypeError('a\nb'), {})).toBe(
      'error: unexpected TypeError: a\\nb; this is a bug, and OSI_LINUX_STACK=1 prints its stack\n  code: UNEXPECTED_ERROR\n',
    );
    expect(formatFailure('text', {})).toMatch(/^error: unexpected text; .*\n {2}code: UNEXPECTED_ERROR\n$/);
    expect(formatFailure(new TypeError('a'), { OSI_LINUX_STACK: '1' })).toContain('failure.test.ts');
  });
});

describe('a stream that cannot be written', () => {
  it('is described in the words of the system', () => {
    const error = Object.assign(new Error('EFBIG: x, write'), { errno: -27, code: 'EFBIG' });
    expect(formatFailure(unwritable(error), {})).toBe(
      'error: cannot write: file too large\n  code: OUTPUT_UNWRITABLE\n',
    );
    expect(unwritable(new Error('no number')).message).toBe('cannot write: no number');
  });

  it.runIf(existsSync('/dev/full')).each([
    ['osi-linux', ['ps', dumpFile, '--kconf-file', kconfFile]],
    ['osi-linux', ['maps', dumpFile, '--kconf-file', kconfFile, '--ndjson']],
    ['osi-linux', ['kconf', 'list', kconfFile, '--json']],
    ['kconf-import', [logFile, '--group', 'g', '--output', '-']],
  ])('ends %s %j in one line and a code', (program, args) => {
    const full = openSync('/dev/full', 'w');
    const { stderr, status } = spawnSync(process.execPath, [`${PROGRAMS}${program}.js`, ...args], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    expect([stderr, status]).toEqual([
      'error: cannot write: no space left on device\n  code: OUTPUT_UNWRITABLE\n',
      1,
    ]);
  });
});
