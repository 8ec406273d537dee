import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findForbiddenStrings, findForbiddenWords } from './plain-english';
import { listSources, readPackages, repository, shortPath } from './workspace';

const folders = [
  ...readPackages().map(({ directory }) => join(directory, 'src')),
  join(repository, 'tools', 'cli', 'src'),
];

function findIn(path: string): string[] {
  return findForbiddenStrings(readFileSync(path, 'utf8')).map(
    ({ line, found, rule }) => `${shortPath(path)}:${line}: "${found}": ${rule}`,
  );
}

describe('plain English', () => {
  it.each(folders.map((folder) => [shortPath(folder), folder]))('is in every string of %s', (_, folder) => {
    const paths = listSources(folder).map((path) => join(folder, path));
    expect(paths.length).toBeGreaterThan(0);
    for (const path of paths) {
      const found = findIn(path);
      expect(found).toEqual([]);
    }
  });

  it('is in docs/errors.md', () => {
    expect(findForbiddenWords(readFileSync(join(repository, 'docs', 'errors.md'), 'utf8'))).toEqual([]);
  });
});

describe('a planted sentence', () => {
  it.each([
    ["new OsiError('A', `the banner is none: \u0024{text}`)", 'is none'],
    ["new OsiError('A', 'text', { hint: 'this is no file of a kernel' })", 'is no file'],
    ["command.description('tell what a dump is')", 'tell'],
    ['const HINT = `its manual tells \u0024{1}`', 'tells'],
    ['const a = `\u0024{file}: it says the same as the \u0024{log}`', 'says'],
    ["const a = 'line 3 speaks of one'", 'speaks'],
    ["const a = 'raw has no room for registers'", 'no room for'],
    ["const a = 'see the seed document'", 'seed document'],
    ["const a = 'write a dump anew'", 'anew'],
    ["const a = 'what the guest shows is damaged'", 'what'],
    ['const a = `\nOf several blocks\nit is told which`', 'told'],
  ])('is found in %s', (source, found) => {
    expect(findForbiddenStrings(source).map((finding) => finding.found)).toEqual([found]);
  });

  it('is found with its line', () => {
    expect(findForbiddenStrings('\nconst a = `one\ntwo is none`;')[0]?.line).toBe(3);
  });

  it.each([
    ["throw new OsiError('A', 'there is no page to write')"],
    ["const a = 'which PANDA no longer reads: it is no longer needed'"],
    ["const a = 'a page'; // it tells what is none"],
    ["const tells = told.says['said']"],
    ['const worker = `const a = 1;\nfunction tell() {}\ntell(a);\n`'],
  ])('is not seen in %s', (source) => {
    expect(findForbiddenStrings(source)).toEqual([]);
  });
});
