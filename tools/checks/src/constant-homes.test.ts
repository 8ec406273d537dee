import { describe, expect, it } from 'vitest';
import { CONSTANT_HOMES, type ConstantHome, findSecondHomes, numbersIn, readNumbers } from './constant-homes';
import { plantFiles } from './planted-files';
import { readPackages, repository } from './workspace';

const folders = [...readPackages().map(({ name }) => `packages/${name}/src`), 'tools/cli/src'];
const files = readNumbers(repository, folders);

describe('the constants', () => {
  it.each(CONSTANT_HOMES)('$what is written down in one file', (home) => {
    expect(findSecondHomes(files, home)).toEqual([]);
  });
});

describe('a planted constant', () => {
  const home: ConstantHome = { what: 'a fact', form: /^0xffffffff8[0-9a-f]{7}n?$/, home: 'a/home.ts' };
  const first = 'export const START = 0xffffffff80000000n;';
  const findIn = (text: string) =>
    findSecondHomes(readNumbers(plantFiles({ 'a/home.ts': first, 'b/c/other.ts': text }), ['a', 'b']), home);

  it.each([
    ['the same literal', 'const map = 0xffffffff80000000n;'],
    ['large letters and underscores', 'const map = 0xFFFF_FFFF_8000_0000n;'],
    ['another address of the same range', 'f(0xffffffff81000000n);'],
    ['a member of a type', 'type Map = { start: 0xffffffff80000000n };'],
  ])('with a second home is reported: %s', (_, text) => {
    expect(findIn(text)).toEqual(['b/c/other.ts has a second home for a fact: import it from a/home.ts']);
  });

  it.each([
    ['a comment', '// 0xffffffff80000000n is where images are mapped'],
    ['a text', "const hint = 'an image is at 0xffffffff80000000n';"],
    ['another number', 'const mask = 0xffffffffn;'],
  ])('is not seen in %s', (_, text) => {
    expect(findIn(text)).toEqual([]);
  });

  it('whose home has lost it is reported', () => {
    const folder = plantFiles({ 'a/home.ts': '' });
    expect(findSecondHomes(readNumbers(folder, ['a']), home)).toEqual(['a/home.ts no longer has a fact']);
  });

  it('that is another number of the same digits is allowed where the table says which', () => {
    const folder = plantFiles({ 'a/home.ts': first, 'b/other.ts': first });
    const known = { ...home, others: { 'b/other.ts': 'a mask' } };
    expect(findSecondHomes(readNumbers(folder, ['a', 'b']), known)).toEqual([]);
  });
});

describe('numbersIn', () => {
  it('returns the literals of numbers and bigints, written one way', () => {
    expect(numbersIn('f(0xA_Bn, -1.5, [7n], "8") // 9')).toEqual(['0xabn', '1.5', '7n']);
  });
});
