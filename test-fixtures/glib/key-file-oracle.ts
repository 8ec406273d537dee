import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SOURCE = new URL('./keyfile-oracle.c', import.meta.url).pathname;
/** GLib keeps `key[xx]` for the languages of the environment; the reader means the C locale. */
const ENVIRONMENT = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' };

/** Groups in order, each with its keys in order and their raw values, all as hex; or why GLib rejects the file. */
export interface OracleFile {
  readonly groups: readonly {
    readonly name: string;
    readonly entries: readonly (readonly [string, string])[];
  }[];
  readonly error: string | undefined;
}

/** Compiles the C oracle into a temporary folder; returns a function that asks it about many files at once. */
export function buildKeyFileOracle(): (files: readonly Uint8Array[]) => OracleFile[] {
  const folder = mkdtempSync(join(tmpdir(), 'keyfile-oracle-'));
  const program = join(folder, 'keyfile-oracle');
  const flags = spawnSync('pkg-config', ['--cflags', '--libs', 'glib-2.0'], { encoding: 'utf8' });
  if (flags.status !== 0) throw new Error('the oracle needs pkg-config and libglib2.0-dev: install them');
  execFileSync('gcc', [
    '-O2',
    '-Wall',
    '-Werror',
    SOURCE,
    ...flags.stdout.trim().split(/\s+/),
    '-o',
    program,
  ]);
  return (files) => {
    const packed = join(folder, 'packed');
    writeFileSync(packed, pack(files));
    const output = execFileSync(program, ['--packed', packed], {
      encoding: 'latin1',
      maxBuffer: 1 << 30,
      env: ENVIRONMENT,
    });
    const answers = parseOutput(output);
    if (answers.length !== files.length)
      throw new Error(`${answers.length} answers to ${files.length} files`);
    return answers;
  };
}

function pack(files: readonly Uint8Array[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const file of files) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(file.length);
    parts.push(length, file);
  }
  return Buffer.concat(parts);
}

function parseOutput(output: string): OracleFile[] {
  const files: { groups: { name: string; entries: [string, string][] }[]; error: string | undefined }[] = [];
  for (const line of output.split('\n')) {
    const [word, first = '', second = ''] = line.split(' ');
    const file = files[files.length - 1];
    if (word === 'file') files.push({ groups: [], error: undefined });
    else if (word === 'error' && file !== undefined) file.error = Buffer.from(second, 'hex').toString();
    else if (word === 'group') file?.groups.push({ name: first, entries: [] });
    else if (word === 'key') file?.groups[file.groups.length - 1]?.entries.push([first, second]);
  }
  return files;
}
