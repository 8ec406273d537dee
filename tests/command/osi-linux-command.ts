import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createProgram } from '../../tools/cli/src/osi-linux/program';
import { ExitCode } from '../../tools/cli/src/terminal/exit-code';
import type { Io } from '../../tools/cli/src/terminal/io';
import { repository } from '../repository';

/** The output of a command of `osi-linux`, and how it ended. */
export interface CommandAnswer {
  readonly out: string;
  readonly err: string;
  readonly exitCode: ExitCode;
}

/** Runs a command of `osi-linux` without a process of its own. */
export async function runListing(words: readonly string[]): Promise<CommandAnswer> {
  let [out, err] = ['', ''];
  const io: Io = {
    out: (data) => {
      out += typeof data === 'string' ? data : Buffer.from(data).toString('latin1');
    },
    err: (text) => {
      err += text;
    },
    columns: undefined,
    colour: false,
    environment: {},
    exitCode: ExitCode.Complete,
  };
  await createProgram(io).parseAsync(['node', 'osi-linux', ...words]);
  return { out, err, exitCode: io.exitCode };
}

/** Prints, as the last line on standard error, the most memory that the process had at once, in KiB. */
const REPORT = `
import { readFileSync } from 'node:fs';
process.on('exit', () => console.error(/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]));
`;

/**
 * Runs the built `osi-linux` in a process of its own; returns the most memory that it had at once, in bytes.
 */
export function peakMemory(words: readonly string[]): { readonly out: string; readonly bytes: number } {
  const report = `data:text/javascript,${encodeURIComponent(REPORT)}`;
  const program = join(repository, 'tools/cli/dist/osi-linux.js');
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', report, program, ...words], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return { out: stdout, bytes: 1024 * Number(stderr.trim().split('\n').at(-1)) };
}
