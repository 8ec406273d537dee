import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { KernelModuleFile } from './kernel-modules';
import { runInSuiteRoot } from './packages/suite-root';
import type { Toolchain } from './packages/toolchain';

/** A module that was compiled for one kernel. */
export interface BuiltModule extends KernelModuleFile {
  /** All that `make` and the compiler printed. */
  readonly output: string;
}

/**
 * Compiles a module with the suite's own compiler against the headers of a kernel, out of tree:
 * `make -C HEADERS M=SOURCE modules`. The source folder is copied and stays as it is.
 *
 * @throws OsiError `GUEST_COMMAND_FAILED` with the compiler's output.
 */
export async function buildModule(
  tools: Toolchain,
  release: string,
  source: string,
  name: string,
): Promise<BuiltModule> {
  const folder = mkdtempSync(join(tmpdir(), 'osi-linux-module-'));
  try {
    cpSync(source, folder, { recursive: true });
    return await buildModuleIn(folder, basename(source), tools, release, name);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How a module is compiled in its own folder. */
export interface ModuleBuildOptions {
  /** Further arguments of `make`. */
  readonly settings?: readonly string[];
  /** Folders of the machine that the compiler sees besides: path inside -> path outside. */
  readonly binds?: Readonly<Record<string, string>>;
}

/**
 * Compiles a module as {@link buildModule} does, in the folder of its sources, and leaves there what `make` writes.
 * The compiler sees the folder as `/build/FOLDER_NAME`.
 *
 * @throws OsiError `GUEST_COMMAND_FAILED` with the compiler's output.
 */
export async function buildModuleIn(
  folder: string,
  folderName: string,
  { root, makeTarget }: Toolchain,
  release: string,
  name: string,
  { settings = [], binds = {} }: ModuleBuildOptions = {},
): Promise<BuiltModule> {
  const inside = `/build/${folderName}`;
  const headers = `/usr/src/linux-headers-${release}`;
  const make = ['make', '-C', headers, ...makeTarget, ...settings, `M=${inside}`, 'modules'];
  const { stdout, stderr } = await runInSuiteRoot(root, make, { binds: { ...binds, [inside]: folder } });
  return { name, bytes: readFileSync(join(folder, `${name}.ko`)), output: stdout + stderr };
}
