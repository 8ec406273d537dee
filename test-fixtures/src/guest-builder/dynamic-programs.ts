import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { OsiError } from '@osi-linux/core';
import { CPIO_MODE, type CpioEntry } from './cpio';
import { runInSuiteRoot } from './packages/suite-root';
import type { Toolchain } from './packages/toolchain';

/** Where the guest has all shared objects, the project's and the suite's. */
const LIBRARIES = 'lib';
const BUILD = '/build/dynamic';
const OUTPUT = '/build/dynamic-output';
/** Only the older of the two tags counts for the shared objects that one of the suite needs in turn. */
const SEARCH = [`-Wl,-rpath,/${LIBRARIES}`, '-Wl,--disable-new-dtags'];

/** Runs a command beside the compiler; returns its output. */
type Run = (...command: string[]) => Promise<string>;

/**
 * Compiles a folder of C files into shared objects (those whose names begin with `lib`) and programs that are linked
 * with all of them, and adds the other files that the suite's own dynamic linker loads, itself included.
 *
 * Nothing that was compiled is run: the host may be unable to.
 *
 * @throws OsiError `GUEST_COMMAND_FAILED` with the compiler's output, also where it knows no shared object of a name.
 */
export async function compileDynamicPrograms(
  { root, gccTarget }: Toolchain,
  sources: string,
  flags: readonly string[],
): Promise<CpioEntry[]> {
  const output = mkdtempSync(join(tmpdir(), 'osi-linux-dynamic-'));
  const binds = { [BUILD]: sources, [OUTPUT]: output };
  const run: Run = async (...command) => (await runInSuiteRoot(root, command, { binds })).stdout;
  const gcc: Run = (...words) => run('gcc', ...gccTarget, ...flags, ...words);
  const names = readdirSync(sources)
    .filter((file) => file.endsWith('.c'))
    .map((file) => file.slice(0, -'.c'.length));
  const libraries = names.filter((name) => name.startsWith('lib')).map((name) => `${name}.so`);
  const programs = names.filter((name) => !name.startsWith('lib'));
  try {
    for (const name of libraries)
      await gcc(...sharedObject(name), '-o', `${OUTPUT}/${name}`, `${BUILD}/${basename(name, '.so')}.c`);
    const objects = libraries.map((name) => `${OUTPUT}/${name}`);
    for (const name of programs)
      await gcc('-pthread', ...SEARCH, '-o', `${OUTPUT}/${name}`, `${BUILD}/${name}.c`, ...objects);
    const files = [
      ...programs.map((name) => entry(`bin/${name}`, readFileSync(join(output, name)))),
      ...libraries.map((name) => entry(`${LIBRARIES}/${name}`, readFileSync(join(output, name)))),
    ];
    const starts = [...programs, ...libraries].map((name) => `${OUTPUT}/${name}`);
    for (const { path, from } of await loadedObjects(starts, libraries, run, gcc)) {
      // By a command of the suite: links there may begin at its own root.
      await run('cp', '-L', from, `${OUTPUT}/loaded`);
      files.push(entry(path, readFileSync(join(output, 'loaded'))));
    }
    return withFolders(files);
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

function sharedObject(name: string): string[] {
  return ['-shared', '-fPIC', `-Wl,-soname,${name}`];
}

interface LoadedObject {
  /** Where the guest has it. */
  readonly path: string;
  /** Where the suite has it. */
  readonly from: string;
}

/** All that the dynamic linker of the guest will load for some files, except the project's `own`. */
async function loadedObjects(
  starts: readonly string[],
  own: readonly string[],
  run: Run,
  gcc: Run,
): Promise<LoadedObject[]> {
  const found = new Map<string, LoadedObject>();
  const files = [...starts];
  for (let file = files.pop(); file !== undefined; file = files.pop()) {
    const { linker, needed } = readNeeds(await run('readelf', '-W', '-l', '-d', file));
    if (linker !== undefined) found.set(basename(linker), { path: linker.slice(1), from: linker });
    for (const name of needed) {
      if (own.includes(name) || found.has(name)) continue;
      const from = (await gcc(`-print-file-name=${name}`)).trim();
      if (!from.startsWith('/')) throw notFound(name, file);
      found.set(name, { path: `${LIBRARIES}/${name}`, from });
      files.push(from);
    }
  }
  return [...found.values()];
}

/**
 * The files that an ELF file needs at its start, as `readelf -W -l -d` prints it: the dynamic linker, and
 * names of shared objects.
 *
 * @example
 * ```ts
 * readNeeds(' 0x0001 (NEEDED)  Shared library: [libc.so.6]\n') // => { linker: undefined, needed: ['libc.so.6'] }
 * readNeeds('  [Requesting program interpreter: /lib/ld-linux.so.2]\n').linker // => '/lib/ld-linux.so.2'
 * ```
 */
export function readNeeds(printed: string): { linker: string | undefined; needed: string[] } {
  const linker = /\[Requesting program interpreter: (\/[^\]]+)\]/.exec(printed)?.[1];
  const needed = [...printed.matchAll(/\(NEEDED\)\s+Shared library: \[([^\]]+)\]/g)].map(
    ([, name = '']) => name,
  );
  return { linker, needed };
}

function notFound(name: string, file: string): OsiError {
  return new OsiError('GUEST_COMMAND_FAILED', `the suite's compiler knows no ${name}, which ${file} needs`, {
    fields: { name, file },
  });
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
