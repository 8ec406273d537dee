import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findDocGaps } from './doc-comments';
import { createProgram, listPublicNames, readPublicNames } from './public-names';
import { readPackages } from './workspace';

describe('the doc comments', () => {
  it.each([...readPublicNames(readPackages())])('of %s say all that they must', (_, names) => {
    expect(names.flatMap(findDocGaps)).toEqual([]);
  });
});

describe('a gap is reported', () => {
  function gapsOf(text: string): string {
    const folder = mkdtempSync(join(tmpdir(), 'doc-comments-'));
    const file = join(folder, 'planted.ts');
    writeFileSync(file, text);
    const gaps = listPublicNames(createProgram([file]), file).flatMap(findDocGaps);
    rmSync(folder, { recursive: true });
    return gaps.join('\n');
  }

  it.each([
    ['no comment', 'export const x = 1;', /x has no doc comment/],
    ['no example', '/** Gives one. */\nexport function x() { return 1; }', /x has no @example/],
    [
      'an unnamed throw',
      '/** Gives one.\n * @example\n * ```ts\n * x()\n * ```\n */\nexport function x() { throw new Error(); }',
      /no @throws/,
    ],
    ['a bare member', '/** A thing of two. */\nexport interface X { a: number }', /X\.a has no doc comment/],
  ])('%s', (_, text, expected) => {
    expect(gapsOf(text)).toMatch(expected);
  });

  it('but none in a full comment', () => {
    const text =
      '/** Gives one, always.\n * @example\n * ```ts\n * x() // => 1\n * ```\n */\nexport function x() { return 1; }';
    expect(gapsOf(text)).toBe('');
  });
});
