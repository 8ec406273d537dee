import { describe, expect, it } from 'vitest';
import { findImportCycles, readImportGraph } from './import-graph';
import { plantFiles } from './planted-files';
import { sourceRoots } from './workspace';

describe('the imports between the files of a package', () => {
  it.each(sourceRoots())('$name has no cycle, of types either', ({ source }) => {
    const graph = readImportGraph(source);
    expect(graph.size).toBeGreaterThan(0);
    expect(findImportCycles(graph)).toEqual([]);
  });
});

describe('a planted cycle is reported', () => {
  it.each([
    ['of values', "import { b } from './b';", "import { a } from './a';"],
    ['of a type', "import { b } from './b';", "import type { A } from './a';"],
    ['of a type within an import of values', "import { b } from './b';", "import { type A } from './a';"],
    ['of an inline type', "import { b } from './b';", "export type A = import('./a').A;"],
    ['of a dynamic import', "import { b } from './b';", "void import('./a');"],
    ['of re-exports', "export * from './b';", "export { a } from './a';"],
  ])('%s', (_, a, b) => {
    const folder = plantFiles({ 'a.ts': a, 'b.ts': b, 'c.ts': "import './a';" });
    expect(findImportCycles(readImportGraph(folder))).toEqual([['a.ts', 'b.ts']]);
  });

  it('through the index of a folder', () => {
    const folder = plantFiles({
      'a.ts': "import './inner';",
      'inner/index.ts': "export * from './b';",
      'inner/b.ts': "import type { A } from '../a';",
    });
    expect(findImportCycles(readImportGraph(folder))).toEqual([['a.ts', 'inner/b.ts', 'inner/index.ts']]);
  });

  it('of a file with itself', () => {
    expect(findImportCycles(readImportGraph(plantFiles({ 'a.ts': "import './a';" })))).toEqual([['a.ts']]);
  });

  it('and files that share a third one are in none', () => {
    const folder = plantFiles({
      'a.ts': "import './c';\nimport './b';",
      'b.ts': "import './c';",
      'c.ts': '',
    });
    expect(findImportCycles(readImportGraph(folder))).toEqual([]);
  });
});
