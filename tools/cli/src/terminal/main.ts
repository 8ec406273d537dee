import { writeSync } from 'node:fs';
import { CommanderError } from 'commander';
import { ExitCode } from './exit-code';
import { formatFailure, unwritable } from './failure';
import { runInterruptible } from './interruption';
import type { Io } from './io';
import { dataFor } from './terminal-text';
import { onInterrupt, onKey } from './user-input';

/** Runs a command in the real process: streams, terminal and exit code. */
export async function runMain(run: (io: Io) => Promise<unknown>): Promise<void> {
  process.on('uncaughtException', fail);
  // A reader that has seen enough (`| head`) is not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? ExitCode.Complete);
    fail(unwritable(error));
  });
  const used = new Set<NodeJS.WriteStream>();
  const write = (stream: NodeJS.WriteStream, data: string | Uint8Array): void => {
    used.add(stream);
    stream.write(dataFor(stream, data));
  };
  const io: Io = {
    out: (data) => write(process.stdout, data),
    err: (text) => write(process.stderr, text),
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    // The stream is made when it is first asked for, which is never where all is well.
    get colour() {
      return process.stderr.isTTY === true && process.env['NO_COLOR'] === undefined;
    },
    rows: () => (process.stdout.isTTY ? process.stdout.rows : undefined),
    onInterrupt,
    runInterruptible: (work, doing) => runInterruptible(work, doing, (text) => write(process.stderr, text)),
    onKey,
    environment: process.env,
    exitCode: ExitCode.Complete,
  };
  try {
    await run(io);
  } catch (error) {
    if (!(error instanceof CommanderError)) fail(error);
    // Commander has printed its message; asking for help or the version is not a mistake.
    io.exitCode = error.exitCode === 0 ? ExitCode.Complete : ExitCode.Usage;
  }
  process.exitCode = io.exitCode;
  for (const stream of used) await untilWritten(stream);
  // Left to itself, Node waits for the threads that still compile, and then gives memory back piece by piece.
  process.exit();
}

/** Ends the process with one line and a code, where standard error can still be written. */
function fail(error: unknown): never {
  const end = () => process.exit(ExitCode.Incomplete);
  process.stderr.on('error', end);
  try {
    writeSync(process.stderr.fd, formatFailure(error));
  } catch {
    // Nobody can be told.
  }
  return end();
}

function untilWritten(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
