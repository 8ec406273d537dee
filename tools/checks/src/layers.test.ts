import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { findLayerBreaches, layers } from './layers';
import { readPackages, type WorkspacePackage } from './workspace';

describe('the layers', () => {
  it('name every package', () => {
    expect(
      readPackages()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(Object.keys(layers).sort());
  });

  it.each(readPackages())('hold in $name', (found) => {
    expect(findLayerBreaches(found)).toEqual([]);
  });
});

describe('a planted breach is reported', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  function plant(
    name: string,
    file: string,
    text: string,
    dependencies: Record<string, string> = {},
  ): WorkspacePackage {
    const directory = mkdtempSync(join(tmpdir(), 'layers-'));
    folders.push(directory);
    mkdirSync(join(directory, 'src', 'node'), { recursive: true });
    writeFileSync(join(directory, 'src', file), text);
    return { name, directory, manifest: { dependencies } };
  }

  it.each([
    ['a node: import below guest', 'kconf', 'x.ts', "import 'node:fs';", {}, /node:fs, which browsers lack/],
    ['a node: import by a dynamic import', 'guest', 'x.ts', "void import('node:fs');", {}, /browsers lack/],
    ['a global of Node', 'core', 'x.ts', 'export const x = Buffer.alloc(1);', {}, /global of Node/],
    ['one behind a key', 'core', 'x.ts', 'export const x = { process: process.argv };', {}, /global of Node/],
    [
      'an arrow upward',
      'kstruct',
      'x.ts',
      "export * from '@osi-linux/osi';",
      { '@osi-linux/osi': '1' },
      /imports upward/,
    ],
    ['an arrow upward in package.json', 'core', 'x.ts', '', { '@osi-linux/kconf': '1' }, /depends upward/],
    ['an import that is not declared', 'osi', 'x.ts', "import '@osi-linux/core';", {}, /does not declare/],
    [
      'a walker that imports an architecture',
      'symbols',
      'tables.ts',
      "import type { AddressSpace } from '@osi-linux/x86-mmu';",
      { '@osi-linux/x86-mmu': '1' },
      /tables.ts imports @osi-linux\/x86-mmu outside of a folder x86/,
    ],
    ['a package without a layer', 'extra', 'x.ts', '', {}, /in no layer/],
  ])('%s', (_, name, file, text, dependencies, expected) => {
    expect(findLayerBreaches(plant(name, file, text, dependencies)).join('\n')).toMatch(expected);
  });

  it('but not a name that is merely the same', () => {
    const text = 'export interface X { process: number }\nexport const x: X = { process: 1 };\nx.process;\n';
    expect(findLayerBreaches(plant('core', 'x.ts', text))).toEqual([]);
  });

  it('and what finds x86 kernels may import their architecture', () => {
    const found = plant('symbols', 'x.ts', '', { '@osi-linux/x86-mmu': '1' });
    mkdirSync(join(found.directory, 'src', 'locate', 'x86'), { recursive: true });
    writeFileSync(join(found.directory, 'src', 'locate', 'x86', 'x.ts'), "import '@osi-linux/x86-mmu';");
    expect(findLayerBreaches(found)).toEqual([]);
  });

  it('but not an import that is allowed', () => {
    const text = "import 'node:fs';\nimport '@osi-linux/core';";
    expect(findLayerBreaches(plant('memory', 'node/x.ts', text, { '@osi-linux/core': '1' }))).toEqual([]);
  });
});
