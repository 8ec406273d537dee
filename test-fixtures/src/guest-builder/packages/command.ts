import { type SpawnOptions, spawn } from 'node:child_process';
import { OsiError } from '@osi-linux/core';

/** The output of a finished command. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
}

const TAIL = 4000;

/**
 * Runs a command to its end and keeps its output.
 *
 * @throws OsiError `GUEST_COMMAND_FAILED` when it cannot be started or does not exit with 0.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'cwd' | 'env'> = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', (cause) => reject(commandFailed([command, ...args], cause.message, '', cause)));
    child.on('close', (code, signal) => {
      const result = { stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
      if (code === 0) resolve(result);
      else reject(commandFailed([command, ...args], `exit ${code ?? signal}`, result.stdout + result.stderr));
    });
  });
}

function commandFailed(command: readonly string[], how: string, output: string, cause?: unknown): OsiError {
  return new OsiError('GUEST_COMMAND_FAILED', `${command.join(' ')}: ${how}\n${output.slice(-TAIL)}`, {
    hint: 'run the command by hand; the guest builder needs Debian, root, and its mirror',
    fields: { command, output },
    cause,
  });
}
