import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const repository = resolve(fileURLToPath(new URL('../../..', import.meta.url)));

/** A package of the workspace, as its folder stands on disk. */
export interface WorkspacePackage {
  /** Name without the scope: `x86-mmu`. */
  readonly name: string;
  readonly directory: string;
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** The packages of a folder of the workspace, by folder name; without one, the published libraries. */
export function readPackages(root = repository, below = 'packages'): WorkspacePackage[] {
  const folder = join(root, below);
  return readdirSync(folder)
    .map((name) => ({ name, directory: join(folder, name) }))
    .filter(({ directory }) => existsSync(join(directory, 'package.json')))
    .map((found) => ({ ...found, manifest: readJson(join(found.directory, 'package.json')) }));
}

/** The TypeScript files of a folder, tests left out, as paths relative to it. */
export function listSources(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/\.(test|test-d)\.ts$|(^|\/)node_modules\//.test(path))
    .filter((path) => statSync(join(directory, path)).isFile())
    .sort();
}

/** A folder of sources that the rules for files hold in. */
export interface SourceRoot {
  readonly name: string;
  readonly source: string;
}

/** The sources of the whole workspace: packages, tools, fixtures and suites. */
export function sourceRoots(): SourceRoot[] {
  const packages = readPackages().map(({ name, directory }) => ({ name, source: join(directory, 'src') }));
  const others = ['tools/cli/src', 'tools/checks/src', 'test-fixtures/src', 'tests'];
  return [...packages, ...others.map((name) => ({ name, source: join(repository, name) }))];
}

/** Entry points of a package: subpath -> source file. */
export function entryPoints({ directory, manifest }: WorkspacePackage): [string, string][] {
  const exported = manifest['exports'] as Record<string, string | Record<string, string>>;
  return Object.entries(exported).flatMap(([subpath, target]) => {
    const source = typeof target === 'string' ? undefined : target['@osi-linux/source'];
    return source === undefined ? [] : [[subpath, join(directory, source)] as [string, string]];
  });
}

/** A path as people read it, from the repository's root. */
export function shortPath(path: string): string {
  return relative(repository, path);
}

function readJson(path: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
}
