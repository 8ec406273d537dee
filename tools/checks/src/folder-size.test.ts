import { describe, expect, it } from 'vitest';
import { findFullFolders, MOST_FILES } from './folder-size';
import { plantFiles } from './planted-files';
import { sourceRoots } from './workspace';

describe('the folders', () => {
  it.each(sourceRoots())('of $name have few enough source files', ({ source }) => {
    expect(findFullFolders(source)).toEqual([]);
  });
});

describe('a planted folder', () => {
  const files = (folder: string, count: number, ending = '.ts') =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`${folder}/f${index}${ending}`, '']));

  it('with a file too many is reported', () => {
    expect(findFullFolders(plantFiles(files('flat', MOST_FILES + 1)))).toEqual([
      'flat has 25 source files, expected at most 24',
    ]);
  });

  it('with as many as there may be is not', () => {
    expect(findFullFolders(plantFiles(files('flat', MOST_FILES)))).toEqual([]);
  });

  it('is measured without its tests and its folders', () => {
    const planted = { ...files('flat', 20), ...files('flat', 20, '.test.ts'), ...files('flat/inner', 20) };
    expect(findFullFolders(plantFiles(planted))).toEqual([]);
  });

  it('of commands may have more', () => {
    expect(findFullFolders(plantFiles(files('cli/commands', 60)))).toEqual([]);
  });
});
