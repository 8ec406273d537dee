import { describe, expect, it } from 'vitest';
import { findForbiddenImports, IMPORT_BANS } from './forbidden-imports';
import { plantFiles } from './planted-files';
import { listSources, repository } from './workspace';

describe('the imports that a folder may not have', () => {
  it.each(IMPORT_BANS)('$folder has none of $packages', (ban) => {
    expect(listSources(`${repository}/${ban.folder}`)).not.toEqual([]);
    expect(findForbiddenImports(repository, ban)).toEqual([]);
  });
});

describe('a planted import', () => {
  const ban = { folder: 'walkers', packages: ['x86-mmu'], reason: 'why' };
  const findIn = (text: string) => findForbiddenImports(plantFiles({ 'walkers/task/task.ts': text }), ban);

  it.each([
    ['of a value', "import { walk } from '@osi-linux/x86-mmu';"],
    ['of a type', "import type { PagingForm } from '@osi-linux/x86-mmu';"],
    ['of a subpath', "export * from '@osi-linux/x86-mmu/node';"],
    ['by a path', "import { walk } from '../../../packages/x86-mmu/src/page-walk';"],
    ['by import()', "export const walk = import('@osi-linux/x86-mmu');"],
  ])('%s is reported', (_, text) => {
    expect(findIn(text)).toEqual([
      expect.stringMatching(/^walkers\/task\/task\.ts imports .*x86-mmu.*: why$/),
    ]);
  });

  it.each([
    ['of another package', "import { OsiError } from '@osi-linux/core';"],
    ['of a file of that name', "import { x } from './x86-mmu';"],
    ['in a comment', "// import '@osi-linux/x86-mmu';"],
  ])('%s is not', (_, text) => {
    expect(findIn(text)).toEqual([]);
  });
});
