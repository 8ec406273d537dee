import { CommanderError } from 'commander';
import { ExitCode } from './exit-code';
import type { Io } from './io';
import { onInterrupt, onKey } from './user-input';

/** Runs a command in the real process: streams, terminal and exit code. */
export async function runMain(run: (io: Io) => Promise<unknown>): Promise<void> {
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? ExitCode.Complete);
    throw error;
  });
  const io: Io = {
    out: (data) => process.stdout.write(data),
    err: (text) => process.stderr.write(text),
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    colour: process.stderr.isTTY === true && process.env['NO_COLOR'] === undefined,
    rows: () => (process.stdout.isTTY ? process.stdout.rows : undefined),
    onInterrupt,
    onKey,
    environment: process.env,
    exitCode: ExitCode.Complete,
  };
  try {
    await run(io);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has printed its message; asking for help or the version is no mistake.
    io.exitCode = error.exitCode === 0 ? ExitCode.Complete : ExitCode.Usage;
  }
  process.exitCode = io.exitCode;
}
