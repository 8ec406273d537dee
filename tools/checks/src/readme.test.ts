import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OsiError } from '@osi-linux/core';
import { describe, expect, it } from 'vitest';
import { runExample } from './doc-example';
import { exampleFixtures } from './example-fixtures';
import { importNames, readmeExamples, readmeImports, readmeSection } from './readme';
import { findBrokenLinks, listMarkdown, relativeLinks } from './readme-links';
import { readPackages, repository, shortPath } from './workspace';

const folders = [
  ...readPackages().map(({ directory }) => directory),
  join(repository, 'tools', 'cli'),
  join(repository, 'test-fixtures'),
];

const readmes = folders.map((folder) => join(folder, 'README.md')).filter((path) => existsSync(path));
const blocks = readmes.flatMap((path) =>
  readmeExamples(readFileSync(path, 'utf8')).map((code, index) => ({
    where: `${shortPath(path)}, block ${index + 1}`,
    code,
  })),
);

const assertions = {
  equal: (received: unknown, expected: unknown, line: string) => expect(received, line).toEqual(expected),
  throws: (run: () => unknown, code: string, line: string) => {
    expect(() => run(), line).toThrow(expect.objectContaining({ code }));
  },
};

/** The values that a README may `declare` besides the fixtures of the doc comments. */
function readmeFixtures(): Record<string, unknown> {
  const log = join(repository, 'test-fixtures', 'recorded', 'debian-12-amd64', 'dmesg.log');
  return { ...exampleFixtures(), dmesg: readFileSync(log, 'utf8') };
}

describe('the READMEs', () => {
  it.each(folders.map((folder) => [shortPath(folder), folder]))('%s has one', (_, folder) => {
    expect(existsSync(join(folder, 'README.md'))).toBe(true);
  });

  it.each(readPackages())('of $name has an example, what it does not do, errors and numbers', (found) => {
    const text = readFileSync(join(found.directory, 'README.md'), 'utf8');
    expect(text).toMatch(new RegExp(`^# @osi-linux/${found.name}\n\n\\S`));
    expect(readmeExamples(text).length).toBeGreaterThan(0);
    for (const heading of ['What it does not do', 'Errors', 'Numbers'])
      expect(readmeSection(text, heading), heading).toMatch(/\S/);
  });

  it.each(blocks)('$where runs', async ({ code }) => {
    const imported = await importNames(readmeImports(code), (from) => import(/* @vite-ignore */ from));
    const names = { ...readmeFixtures(), ...imported };
    expect(runExample(code, { names, ...assertions })).toBeGreaterThan(0);
  });
});

describe('the Markdown files', () => {
  it.each(listMarkdown(repository).map((path) => [shortPath(path), path]))(
    '%s links to what is there',
    (_, path) => {
      expect(findBrokenLinks(path, repository)).toEqual([]);
    },
  );
});

describe('an example of a README', () => {
  const readme = "# x\n\n```ts\nimport { two, type T } from 'm';\n\ntwo // => 3\n```\n\n```sh\nls\n```\n";
  const [code = ''] = readmeExamples(readme);

  it('is a ts block', () => {
    expect(readmeExamples(readme)).toHaveLength(1);
  });

  it('has in scope what it imports', async () => {
    expect(await importNames(readmeImports(code), async () => ({ two: 2, three: 3 }))).toEqual({ two: 2 });
  });

  it('fails on a name that the module does not export', async () => {
    await expect(importNames(readmeImports(code), async () => ({}))).rejects.toThrow('m exports no two');
  });

  it('fails on a wrong result', () => {
    expect(() => runExample(code, { names: { two: 2 }, ...assertions })).toThrow(/two/);
  });

  it('fails on another error than the one it names', () => {
    const names = {
      fail: () => {
        throw new OsiError('ONE', 'text');
      },
    };
    expect(runExample('fail() // throws ONE', { names, ...assertions })).toBe(1);
    expect(() => runExample('fail() // throws OTHER', { names, ...assertions })).toThrow();
    expect(() => runExample('1 // throws ONE', { names, ...assertions })).toThrow();
  });
});

describe('a link', () => {
  it.each([
    ['inline', '[a](b.md "title") and ![c](d.png)', ['b.md', 'd.png']],
    ['by reference', 'text\n\n[a]: ./b.md\n', ['./b.md']],
    ['with an anchor', '[a](b.md#c) [d](#e)', ['b.md#c', '#e']],
    ['no address', '[a](https://example.org) [b](mailto:c@example.org)', []],
    ['none in code', '`[a](b)`\n\n```md\n[a](c)\n```\n', []],
  ])('is found: %s', (_, text, expected) => {
    expect(relativeLinks(text)).toEqual(expected);
  });

  it.each([
    ['a file that is not there', '[a](missing.md)', /missing\.md leads to no file/],
    ['a heading that is not there', '# One\n\n[a](#two)', /#two is no heading/],
    ['a file outside', '[a](../x.md)', /leads out of the repository/],
    ['a heading, written as GitHub does', '# One `thing`: two\n\n[a](#one-thing-two)', /^$/],
  ])('is checked: %s', (_, text, expected) => {
    const folder = mkdtempSync(join(tmpdir(), 'readme-links-'));
    const path = join(folder, 'planted.md');
    writeFileSync(path, text);
    expect(findBrokenLinks(path, folder).join('\n')).toMatch(expected);
    rmSync(folder, { recursive: true });
  });
});
