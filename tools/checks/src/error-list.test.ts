import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collectErrorUses, findErrorGaps, readErrorTable } from './error-list';
import { listSources, readPackages, repository, shortPath } from './workspace';

const places = [
  ...readPackages().map(({ name, directory }) => ({ title: `@osi-linux/${name}`, directory })),
  { title: '@osi-linux/tools', directory: join(repository, 'tools', 'cli') },
];
const errors = readFileSync(join(repository, 'docs', 'errors.md'), 'utf8');

function usesIn(directory: string) {
  const source = join(directory, 'src');
  return listSources(source).flatMap((path) =>
    collectErrorUses(readFileSync(join(source, path), 'utf8')).map((use) => ({
      ...use,
      where: `${shortPath(join(source, path))}:${use.line}`,
    })),
  );
}

describe.each(places)('the error codes of $title', ({ title, directory }) => {
  const uses = usesIn(directory);
  const codes = uses.flatMap(({ code }) => code ?? []);

  it('can all be told from the source', () => {
    expect(uses.filter(({ code }) => code === undefined).map(({ where }) => where)).toEqual([]);
  });

  it('are those of docs/errors.md', () => {
    expect(findErrorGaps(codes, readErrorTable(errors, title))).toEqual([]);
  });

  it('are those of its README', () => {
    const readme = readFileSync(join(directory, 'README.md'), 'utf8');
    expect(findErrorGaps(codes, readErrorTable(readme, 'Errors'))).toEqual([]);
  });
});

it('docs/errors.md has no section of a package that is not there', () => {
  const sections = [...errors.matchAll(/^## (@.*)$/gm)].map(([, title]) => title);
  expect(sections.sort()).toEqual(places.map(({ title }) => title).sort());
});

describe('collectErrorUses', () => {
  it.each([
    ['a literal', "throw new OsiError('A_B', 'text');", ['A_B']],
    ['a literal on the next line', "return new OsiError(\n  'A_B',\n  'text',\n);", ['A_B']],
    ['a choice', "new OsiError(missing ? 'A_B' : 'C_D', 'text');", ['A_B', 'C_D']],
    ['a table', "const t = { x: { code: 'A_B' } };\nnew OsiError(t.x.code, 'text');", ['A_B']],
    ['no comment', "// new OsiError('A_B', 'text')", []],
    ['no other class', "new TypeError('A_B');", []],
    ['a variable, which cannot be told', "new OsiError(code, 'text');", [undefined]],
  ])('finds %s', (_, text, expected) => {
    expect(collectErrorUses(text).map(({ code }) => code)).toEqual(expected);
  });
});

describe('findErrorGaps', () => {
  const table =
    '## one\n\n| code | x |\n| --- | --- |\n| `A_B` | x |\n\n## two\n\n| `C_D` | x |\n| `C_D` | x |\n';

  it('reads the table of one section', () => {
    expect(readErrorTable(table, 'one')).toEqual(['A_B']);
    expect(readErrorTable(table, 'three')).toEqual([]);
  });

  it.each([
    ['a code that is not named', ['A_B', 'E_F'], 'one', ['E_F is not named']],
    ['a code that nothing constructs', [], 'one', ['A_B is named, but nothing constructs it']],
    ['a code that is named twice', ['C_D'], 'two', ['C_D is named twice']],
    ['nothing where both agree', ['A_B', 'A_B'], 'one', []],
  ])('reports %s', (_, constructed, title, expected) => {
    expect(findErrorGaps(constructed, readErrorTable(table, title))).toEqual(expected);
  });
});
