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
  { root, makeTarget }: Toolchain,
  release: string,
  source: string,
  name: string,
): Promise<BuiltModule> {
  const folder = mkdtempSync(join(tmpdir(), 'osi-linux-module-'));
  const inside = `/build/${basename(source)}`;
  try {
    cpSync(source, folder, { recursive: true });
    const headers = `/usr/src/linux-headers-${release}`;
    const make = ['make', '-C', headers, ...makeTarget, `M=${inside}`, 'modules'];
    const { stdout, stderr } = await runInSuiteRoot(root, make, { binds: { [inside]: folder } });
    return { name, bytes: readFileSync(join(folder, `${name}.ko`)), output: stdout + stderr };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
