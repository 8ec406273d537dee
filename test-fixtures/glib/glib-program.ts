import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** GLib keeps `key[xx]` for the languages of the environment; the reader means the C locale. */
const ENVIRONMENT = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' };

/** A C program on GLib that has been compiled. */
export interface GlibProgram {
  /** A temporary folder of its own, for files that it is given. */
  readonly folder: string;
  /** Runs it; throws where it fails otherwise than with exit code 1, which is an answer. */
  run(...args: string[]): { readonly output: string; readonly exitCode: number };
}

/** Compiles a C source of this folder against GLib. */
export function buildGlibProgram(source: string): GlibProgram {
  const name = basename(source, '.c');
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  const program = join(folder, name);
  const flags = spawnSync('pkg-config', ['--cflags', '--libs', 'glib-2.0'], { encoding: 'utf8' });
  if (flags.status !== 0) throw new Error('this needs pkg-config and libglib2.0-dev: install them');
  const path = new URL(`./${source}`, import.meta.url).pathname;
  const words = flags.stdout.trim().split(/\s+/);
  execFileSync('gcc', ['-O2', '-Wall', '-Wextra', '-Werror', path, ...words, '-o', program]);
  return {
    folder,
    run: (...args) => {
      const { status, stdout, stderr, error } = spawnSync(program, args, {
        encoding: 'latin1',
        maxBuffer: 1 << 30,
        env: ENVIRONMENT,
      });
      if (error !== undefined) throw error;
      if (status !== 0 && status !== 1) throw new Error(`${name} failed: ${stderr}`);
      return { output: stdout, exitCode: status };
    },
  };
}

/** Files in one, each with its length before it as 32 bits, little-endian. */
export function packFiles(files: readonly Uint8Array[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const file of files) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(file.length);
    parts.push(length, file);
  }
  return Buffer.concat(parts);
}
