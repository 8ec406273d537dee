import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { build } from 'esbuild';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layers } from './layers';
import {
  importableEntries,
  installAlone,
  type PackedPackage,
  packPackages,
  runCommand,
} from './packed-packages';
import { compileConsumer, resolutions } from './typed-consumer';
import { repository } from './workspace';

const libraries = Object.keys(layers).map((name) => `@osi-linux/${name}`);
const published = [...libraries, '@osi-linux/tools'];
const texts = [/^package\.json$/, /^README\.md$/, /^LICENSE$/];
const commandFiles = [/^dist\/[\w-]+\.js$/, /^dist\/(kernelinfo\.conf|THIRD-PARTY-LICENSES)$/];
const libraryFiles = [
  /^dist\/[\w-]+\.(js|cjs|d\.ts|d\.cts|js\.map|cjs\.map)$/,
  /^src\/([\w-]+\/)*[\w-]+\.ts$/,
  // Where tools that read no `exports` find the entry point `./node`.
  /^node\/package\.json$/,
];
// Where a packed name differs from a reviewed one, most often the build is older than the source.
const hint = 'if the source has it: run pnpm build';
let folder = '';
let packed: PackedPackage[] = [];

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'packed-')));
  packed = packPackages(folder);
  for (const found of packed) {
    mkdirSync(projectOf(found.name), { recursive: true });
    installAlone(found, packed, projectOf(found.name));
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

function projectOf(name: string): string {
  return join(folder, 'projects', name.replace('@osi-linux/', ''));
}

function packedAs(name: string): PackedPackage {
  const found = packed.find((other) => other.name === name);
  if (found === undefined) throw new Error(`${name} was not packed`);
  return found;
}

/** The reviewed names of an entry point: all of them, and those that are there at run time. */
function reviewedNames(entry: string): { all: string[]; values: string[] } {
  const file = `${entry.replace('@osi-linux/', '').replace('/', '-')}.txt`;
  const lines = readFileSync(join(import.meta.dirname, 'public-names', file), 'utf8')
    .trim()
    .split('\n');
  const names = lines.map((line) => line.split(' ') as [string, string]);
  const values = names.filter(([kind]) => ['function', 'class', 'const'].includes(kind));
  return { all: names.map(([, name]) => name), values: values.map(([, name]) => name).sort() };
}

/** The output of a program in a package's project, read as JSON. */
function runProgram(name: string, file: string, text: string): unknown {
  writeFileSync(join(projectOf(name), file), text);
  return JSON.parse(runCommand(process.execPath, [file], projectOf(name)));
}

describe('what is packed', () => {
  it('is every library, and the command line', () => {
    expect(packed.map(({ name }) => name).sort()).toEqual([...published].sort());
  });

  it.each(published)('%s has its build and its texts, and nothing else', (name) => {
    const { files } = packedAs(name);
    const allowed = [...texts, ...(name === '@osi-linux/tools' ? commandFiles : libraryFiles)];
    expect(files.filter((path) => !allowed.some((form) => form.test(path)))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE']));
  });

  it.each(published)('%s names versions, and no path of this machine', (name) => {
    const { directory, files, manifest } = packedAs(name);
    expect(Object.values(manifest.dependencies ?? {}).filter((range) => range.includes(':'))).toEqual([]);
    const telling = files.filter((path) => readFileSync(join(directory, path), 'utf8').includes(repository));
    expect(telling).toEqual([]);
  });

  it.each(libraries)('%s ships each source that its maps name', (name) => {
    const { directory, files } = packedAs(name);
    const maps = files.filter((path) => path.endsWith('.map'));
    const missing = maps.flatMap((path) => {
      const { sources } = JSON.parse(readFileSync(join(directory, path), 'utf8')) as { sources: string[] };
      return sources
        .map((source) => normalize(join(dirname(path), source)))
        .filter((it) => !files.includes(it));
    });
    expect(maps).not.toEqual([]);
    expect(missing).toEqual([]);
  });
});

describe('installed alone, its entry points have the reviewed names', () => {
  it.each(libraries)('%s imported as ESM', (name) => {
    for (const entry of importableEntries(packedAs(name))) {
      const text = `import * as all from '${entry}';\nconsole.log(JSON.stringify(Object.keys(all).sort()));\n`;
      expect(runProgram(name, 'run.mjs', text), `${entry}; ${hint}`).toEqual(reviewedNames(entry).values);
    }
  });

  it.each(libraries)('%s required from CommonJS', (name) => {
    for (const entry of importableEntries(packedAs(name))) {
      const text = `console.log(JSON.stringify(Object.keys(require('${entry}')).sort()));\n`;
      expect(runProgram(name, 'run.cjs', text), `${entry}; ${hint}`).toEqual(reviewedNames(entry).values);
    }
  });

  it.each(libraries)('%s with types', (name) => {
    const imports = importableEntries(packedAs(name)).map(
      (entry) => `import { ${reviewedNames(entry).all.join(', ')} } from '${entry}';\n`,
    );
    const found = resolutions.flatMap((resolution) => {
      writeFileSync(join(projectOf(name), resolution.file), imports.join(''));
      return compileConsumer(projectOf(name), resolution).map((said) => `${resolution.name}: ${said}`);
    });
    expect(imports).not.toEqual([]);
    expect(found, hint).toEqual([]);
  });

  it('an error of the CommonJS build is known to the ESM build', () => {
    const text = `import { createRequire } from 'node:module';
import { OsiError } from '@osi-linux/core';
const other = createRequire(import.meta.url)('@osi-linux/core').OsiError;
const error = new other('X', 'message', { hint: 'hint' });
console.log(JSON.stringify([other === OsiError, OsiError.is(error)]));
`;
    expect(runProgram('@osi-linux/core', 'two-builds.mjs', text)).toEqual([false, true]);
  });
});

describe('tools for packages', () => {
  it.each(published)('publint finds nothing wrong with %s', async (name) => {
    const bytes = readFileSync(packedAs(name).tarball);
    const { messages } = await publint({ pack: { tarball: new Uint8Array(bytes).buffer }, strict: true });
    expect(messages).toEqual([]);
  });

  it.each(libraries)('arethetypeswrong finds nothing wrong with %s', async (name) => {
    const bytes = new Uint8Array(readFileSync(packedAs(name).tarball));
    const result = await checkPackage(createPackageFromTarballData(bytes));
    expect(result).toMatchObject({ types: { kind: 'included' }, problems: [] });
  });
});

describe('a bundle for browsers', () => {
  async function bundledPackages(name: string): Promise<string[]> {
    const { metafile } = await build({
      stdin: { contents: `export * from '${name}';`, resolveDir: projectOf(name) },
      absWorkingDir: projectOf(name),
      bundle: true,
      format: 'esm',
      platform: 'browser',
      metafile: true,
      write: false,
      logLevel: 'silent',
    });
    const inputs = Object.keys(metafile.inputs).filter((path) => path !== '<stdin>');
    return [
      ...new Set(inputs.map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? path)),
    ].sort();
  }

  it('of @osi-linux/kconf has nothing but itself and core', async () => {
    expect(await bundledPackages('@osi-linux/kconf')).toEqual(['@osi-linux/core', '@osi-linux/kconf']);
  });

  it.each(libraries)('of %s has nothing of a higher layer, and nothing of Node', async (name) => {
    const allowed = (layers[name.replace('@osi-linux/', '')] ?? []).map((layer) => `@osi-linux/${layer}`);
    const inside = await bundledPackages(name);
    expect(inside).toContain(name);
    const declared = [name, ...allowed].flatMap((each) => {
      return Object.keys(packedAs(each).manifest.dependencies ?? {});
    });
    const known = new Set([name, ...allowed, ...declared.filter((each) => !each.startsWith('@osi-linux/'))]);
    expect(inside.filter((other) => !known.has(other))).toEqual([]);
  });
});

describe('the commands', () => {
  it('have nothing to import', () => {
    expect(importableEntries(packedAs('@osi-linux/tools'))).toEqual([]);
  });

  it.each(['osi-linux', 'kconf-import'])('%s runs where it is installed', (command) => {
    const { manifest } = packedAs('@osi-linux/tools');
    const project = projectOf('@osi-linux/tools');
    expect(Object.keys(manifest.bin ?? {})).toContain(command);
    expect(runCommand(join('node_modules', '.bin', command), ['--version'], project).trim()).toBe(
      manifest.version,
    );
  });
});
