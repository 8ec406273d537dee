import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readPackages, repository, type WorkspacePackage } from './workspace';

/** A package as the registry would hold it. */
export interface PackedPackage {
  /** Name with the scope: `@osi-linux/x86-mmu`. */
  readonly name: string;
  /** Folder in the repository. */
  readonly source: string;
  readonly tarball: string;
  /** Folder into which the tarball was unpacked. */
  readonly directory: string;
  /** The packed `package.json`: ranges of the workspace are versions here. */
  readonly manifest: PackedManifest;
  /** Paths of the tarball's files, in order. */
  readonly files: readonly string[];
}

/** The used fields of a packed `package.json`. */
export interface PackedManifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Packs and unpacks every published package: the libraries and the command line. */
export function packPackages(directory: string): PackedPackage[] {
  const published = [...readPackages(), ...readPackages(repository, 'tools')].filter(
    ({ manifest }) => manifest['private'] !== true,
  );
  for (const found of published) requireBuild(found);
  const filters = published.flatMap(({ manifest }) => ['--filter', String(manifest['name'])]);
  runCommand('pnpm', ['-r', ...filters, 'pack', '--pack-destination', directory], repository);
  return published.map((found) => unpack(found, directory));
}

/**
 * Puts a package into a project that has nothing else: with what its `package.json` asks for, and no more. Packages of
 * others come from the workspace, so that no registry is needed.
 */
export function installAlone(
  found: PackedPackage,
  packed: readonly PackedPackage[],
  project: string,
  installed = new Set<string>(),
): void {
  if (installed.has(found.name)) return;
  installed.add(found.name);
  const modules = join(project, 'node_modules');
  cpSync(found.directory, join(modules, found.name), { recursive: true });
  for (const name of Object.keys(found.manifest.dependencies ?? {})) {
    const own = packed.find((other) => other.name === name);
    if (own !== undefined) installAlone(own, packed, project, installed);
    else symlinkSync(join(found.source, 'node_modules', name), join(modules, name));
  }
  linkCommands(found, modules);
}

/** The entry points that a program can import: `@osi-linux/memory/node`. */
export function importableEntries({ name, manifest }: PackedPackage): string[] {
  return Object.keys(manifest.exports)
    .filter((subpath) => !subpath.endsWith('.json'))
    .map((subpath) => name + subpath.slice(1));
}

/** Runs a command to its end and returns its output; throws with all of it if the command fails. */
export function runCommand(command: string, args: readonly string[], cwd: string): string {
  // pnpm's own commands set NODE_PATH, through which CommonJS would find packages that are not installed.
  const { NODE_OPTIONS: _options, NODE_PATH: _path, ...env } = process.env;
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
  if (error !== undefined) throw new Error(`cannot run ${command}: ${error.message}`, { cause: error });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}

function requireBuild({ directory, manifest }: WorkspacePackage): void {
  if (existsSync(join(directory, 'dist'))) return;
  throw new Error(`${String(manifest['name'])} has no dist, expected a build; run: pnpm build`);
}

function unpack({ directory: source, manifest }: WorkspacePackage, target: string): PackedPackage {
  const name = String(manifest['name']);
  const stem = join(target, `${name.slice(1).replace('/', '-')}-${String(manifest['version'])}`);
  mkdirSync(stem);
  runCommand('tar', ['-xzf', `${stem}.tgz`, '-C', stem], target);
  const directory = join(stem, 'package');
  const packed = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as PackedManifest;
  return { name, source, tarball: `${stem}.tgz`, directory, manifest: packed, files: listFiles(directory) };
}

function listFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .map((path) => path.replaceAll('\\', '/'))
    .sort();
}

// As npm does on installing.
function linkCommands({ name, manifest }: PackedPackage, modules: string): void {
  for (const [command, path] of Object.entries(manifest.bin ?? {})) {
    const [link, target] = [join(modules, '.bin', command), join(modules, name, path)];
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(target, link);
    chmodSync(target, 0o755);
  }
}
