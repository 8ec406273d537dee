import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePluginArguments } from '@osi-linux/osi-linux';
import { describe, expect, it } from 'vitest';
import { readmeSection } from './readme';
import { repository } from './workspace';

const read = (path: string): string => readFileSync(join(repository, path), 'utf8');
const page = read('docs/panda-defects.md');
const COUNT = 29;
/** The numbers 1 to 29, as texts. */
const numbers = Array.from({ length: COUNT }, (_, index) => String(index + 1));

/** A row of the page's table. */
interface DefectRow {
  readonly number: string;
  readonly defect: string;
  readonly here: string;
  readonly shownBy: string;
}

function readRows(markdown: string): DefectRow[] {
  return [...markdown.matchAll(/^\| (\d+) +\| ([^|]+?) +\| ([^|]+?) +\| ([^|]+?) +\|$/gm)].map(
    ([, number = '', defect = '', here = '', shownBy = '']) => ({ number, defect, here, shownBy }),
  );
}

/** The files that the page links to. */
function linkedTests(markdown: string): string[] {
  return [...markdown.matchAll(/\]\(\.\.\/([^)]+\.test\.ts)\)/g)].map(([, path = '']) => path);
}

/** The numbers that titles of tests begin with; skipped tests have no title. */
function titledNumbers(source: string): string[] {
  const titles = source.matchAll(/^ *(?:it\(|it\.each\([\s\S]*?\)\(\n? *)['"](\d+): ./gm);
  return [...titles].map(([, number = '']) => number);
}

const rows = readRows(page);

describe('docs/panda-defects.md', () => {
  it('has a row for each of the 29 defects, in order, with something in each cell', () => {
    expect(rows.map(({ number }) => number)).toEqual(numbers);
    expect(rows.filter(({ defect, here }) => defect.length < 10 || here.length < 10)).toEqual([]);
  });

  it('names the test of a defect by its number, or says why there is none', () => {
    const odd = rows.filter(
      ({ number, shownBy }) => shownBy !== `test ${number}` && !/^cannot apply: .{10,}/.test(shownBy),
    );
    expect(odd).toEqual([]);
  });

  it('names the tests that there are, and no others', () => {
    const claimed = rows.filter(({ shownBy }) => shownBy.startsWith('test ')).map(({ number }) => number);
    const found = linkedTests(page).flatMap((path) => titledNumbers(read(path)));
    expect(linkedTests(page)).toHaveLength(4);
    expect(numbers.filter((number) => found.includes(number))).toEqual(claimed);
    expect(found.filter((number) => !numbers.includes(number))).toEqual([]);
  });

  it.each([
    ["  it('7: is found', () => {", ['7']],
    ["  it.each([1, 2])('8: is found: %d', () => {", ['8']],
    ["  it.each([\n    [1],\n  ])(\n    '9: is found', () => {", ['9']],
    ["  it.skip('10: is left out', () => {", []],
    ["  it.todo('11: is left out');", []],
    ["  // it('12: is left out')", []],
  ])('is held against titles as they are written: %j', (source, expected) => {
    expect(titledNumbers(source)).toEqual(expected);
  });
});

describe('the documented defaults', () => {
  it('29: of the arguments are those of the code', () => {
    const section = readmeSection(read('docs/osi-api.md'), 'Arguments of osi_linux') ?? '';
    const documented = [...section.matchAll(/^\| `\w+` +\| `(\w+)` +\| `?([^`|]+?)`? +\|/gm)];
    const given = { ...parsePluginArguments() } as Record<string, unknown>;
    expect(documented.map(([, name = '', value]) => [name, value])).toEqual(
      documented.map(([, name = '']) => [name, String(given[name])]),
    );
    expect(documented).toHaveLength(4);
  });
});
