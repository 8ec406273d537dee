import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { OsiError } from '@osi-linux/core';
import { runCommand } from './packages/command';

/** A module of the kernel, ready to be loaded. */
export interface KernelModuleFile {
  /** File name without `.ko`. */
  readonly name: string;
  /** The ELF file, not compressed. */
  readonly bytes: Uint8Array;
}

/**
 * Reads the names of the modules that a module needs from its `.modinfo` section (`depends=a,b`).
 *
 * @example
 * ```ts
 * parseModuleDependencies(new TextEncoder().encode('\0license=GPL\0depends=virtio_ring,virtio\0'))
 * // => ['virtio_ring', 'virtio']
 * ```
 */
export function parseModuleDependencies(module: Uint8Array): string[] {
  const text = Buffer.from(module.buffer, module.byteOffset, module.byteLength).toString('latin1');
  const depends = /\0depends=([A-Za-z0-9_,-]*)\0/.exec(text)?.[1] ?? '';
  return depends.split(',').filter((name) => name !== '');
}

/**
 * The modules by these names and all that they need, in an order for loading them.
 *
 * Modules that are built into the kernel are left out. `modules` is the folder `lib/modules/RELEASE`.
 *
 * @throws OsiError `GUEST_MODULE_UNKNOWN` for a name that the kernel does not have.
 */
export async function collectModules(modules: string, names: readonly string[]): Promise<KernelModuleFile[]> {
  const files = indexModules(modules);
  const builtIn = readBuiltIn(modules);
  const loaded = new Map<string, KernelModuleFile>();
  const visit = async (wanted: string, path: readonly string[]): Promise<void> => {
    const name = wanted.replaceAll('-', '_');
    if (loaded.has(name) || builtIn.has(name) || path.includes(name)) return;
    const file = files.get(name);
    if (file === undefined) throw moduleUnknown(name, modules);
    const bytes = await readModule(file);
    for (const needed of parseModuleDependencies(bytes)) await visit(needed, [...path, name]);
    loaded.set(name, { name, bytes });
  };
  for (const name of names) await visit(name, []);
  return [...loaded.values()];
}

/** Those of the names that the kernel has as a module, or built in; `modules` is the folder `lib/modules/RELEASE`. */
export function findKnownModules(modules: string, names: readonly string[]): string[] {
  const files = indexModules(modules);
  const builtIn = readBuiltIn(modules);
  return names.filter((wanted) => {
    const name = wanted.replaceAll('-', '_');
    return files.has(name) || builtIn.has(name);
  });
}

function moduleName(file: string): string {
  return basename(file)
    .replace(/\.ko(\.xz|\.zst)?$/, '')
    .replaceAll('-', '_');
}

function indexModules(modules: string): Map<string, string> {
  const files = readdirSync(join(modules, 'kernel'), { recursive: true, encoding: 'utf8' });
  const ours = files.filter((file) => /\.ko(\.xz|\.zst)?$/.test(file));
  return new Map(ours.map((file) => [moduleName(file), join(modules, 'kernel', file)]));
}

function readBuiltIn(modules: string): Set<string> {
  const list = join(modules, 'modules.builtin');
  return new Set(existsSync(list) ? readFileSync(list, 'utf8').split('\n').map(moduleName) : []);
}

async function readModule(file: string): Promise<Uint8Array> {
  if (file.endsWith('.ko')) return readFileSync(file);
  const tool = file.endsWith('.xz') ? 'xz' : 'zstd';
  const unpacked = await runCommand('sh', ['-c', '"$1" -dc "$2" | base64 -w0', 'unpack', tool, file]);
  return Buffer.from(unpacked.stdout, 'base64');
}

function moduleUnknown(name: string, modules: string): OsiError {
  return new OsiError('GUEST_MODULE_UNKNOWN', `the kernel has no module "${name}"`, {
    hint: 'newer kernels rename or build in modules; give the name that this one has',
    fields: { name, modules },
  });
}
