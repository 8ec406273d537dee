import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildGlibProgram, packFiles } from './glib-program';

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
  const program = buildGlibProgram('keyfile-oracle.c');
  return (files) => {
    const packed = join(program.folder, 'packed');
    writeFileSync(packed, packFiles(files));
    const answers = parseOutput(program.run('--packed', packed).output);
    if (answers.length !== files.length)
      throw new Error(`${answers.length} answers to ${files.length} files`);
    return answers;
  };
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
