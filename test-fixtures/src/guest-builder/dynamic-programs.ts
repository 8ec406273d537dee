import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CPIO_MODE, type CpioEntry } from './cpio';
import { runInSuiteRoot } from './suite-root';

/** Where the guest has the shared objects of the project, beside the suite's own. */
const OWN_LIBRARIES = 'lib';
const BUILD = '/build/dynamic';
const OUTPUT = '/build/dynamic-output';

/**
 * Compiles a folder of C files into shared objects (those whose names begin with `lib`) and programs that are linked
 * with all of them, and adds what the suite's own dynamic linker loads besides, itself included.
 *
 * @throws OsiError `GUEST_COMMAND_FAILED` with the compiler's output.
 */
export async function compileDynamicPrograms(
  root: string,
  sources: string,
  flags: readonly string[],
): Promise<CpioEntry[]> {
  const output = mkdtempSync(join(tmpdir(), 'osi-linux-dynamic-'));
  const binds = { [BUILD]: sources, [OUTPUT]: output };
  const run = (...command: string[]) => runInSuiteRoot(root, command, { binds });
  const names = readdirSync(sources)
    .filter((file) => file.endsWith('.c'))
    .map((file) => file.slice(0, -'.c'.length));
  const libraries = names.filter((name) => name.startsWith('lib'));
  const programs = names.filter((name) => !name.startsWith('lib'));
  const objects = libraries.map((name) => `${OUTPUT}/${name}.so`);
  try {
    for (const name of libraries)
      await run('gcc', ...flags, ...sharedObject(name), '-o', `${OUTPUT}/${name}.so`, `${BUILD}/${name}.c`);
    for (const name of programs)
      await run('gcc', ...flags, '-pthread', '-o', `${OUTPUT}/${name}`, `${BUILD}/${name}.c`, ...objects);
    const needed = new Set<string>();
    for (const name of programs)
      for (const path of loadedObjects((await run(...traceCommand(name))).stdout)) needed.add(path);
    // Copied by a command of the suite: links there may begin at its own root.
    for (const path of needed) {
      mkdirSync(join(output, 'loaded', dirname(path)), { recursive: true });
      await run('cp', '-L', path, `${OUTPUT}/loaded${path}`);
    }
    const file = (path: string, at: string) => entry(path, readFileSync(join(output, at)));
    return withFolders([
      ...programs.map((name) => file(`bin/${name}`, name)),
      ...libraries.map((name) => file(`${OWN_LIBRARIES}/${name}.so`, `${name}.so`)),
      ...[...needed].map((path) => file(path.slice(1), `loaded${path}`)),
    ]);
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

function sharedObject(name: string): string[] {
  return ['-shared', '-fPIC', `-Wl,-soname,${name}.so`];
}

/** Has the dynamic linker say what it would load, instead of running the program (ld.so(8)). */
function traceCommand(program: string): string[] {
  return ['env', 'LD_TRACE_LOADED_OBJECTS=1', `LD_LIBRARY_PATH=${OUTPUT}`, `${OUTPUT}/${program}`];
}

/**
 * The files of the suite that the dynamic linker names, each on a line `NAME => PATH (ADDRESS)` or `PATH (ADDRESS)`.
 *
 * @example
 * ```ts
 * loadedObjects('\tlibc.so.6 => /lib/libc.so.6 (0x7f00)\n\t/lib64/ld.so (0x7f10)\n\tlinux-vdso.so.1 (0x7f20)\n')
 * // => ['/lib/libc.so.6', '/lib64/ld.so']
 * ```
 */
export function loadedObjects(trace: string): string[] {
  const paths = [...trace.matchAll(/^\t(?:\S+ => )?(\/\S+) \(0x[0-9a-f]+\)$/gm)].map((line) => line[1] ?? '');
  return paths.filter((path) => !path.startsWith(`${OUTPUT}/`));
}

function entry(path: string, bytes: Uint8Array): CpioEntry {
  return { path, mode: CPIO_MODE.program, bytes };
}

/** The folders of the files before them; `bin` is there already. */
function withFolders(files: readonly CpioEntry[]): CpioEntry[] {
  const folders = new Set<string>();
  for (const { path } of files)
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) folders.add(folder);
  folders.delete('bin');
  const entries = [...folders]
    .sort()
    .map((path) => ({ path, mode: CPIO_MODE.folder, bytes: new Uint8Array(0) }));
  return [...entries, ...files];
}
