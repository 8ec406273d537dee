import { getSystemErrorMap } from 'node:util';
import { escapeControls, OsiError } from '@osi-linux/core';

/** An error of a stream that cannot be written, in the words of the system: `cannot write: no space left on device`. */
export function unwritable(error: NodeJS.ErrnoException): OsiError {
  const [, reason = error.message] = getSystemErrorMap().get(error.errno ?? 0) ?? [];
  return new OsiError('OUTPUT_UNWRITABLE', `cannot write: ${reason}`, { cause: error });
}

/**
 * An error that nobody caught, in one line and its code. The place in the program is left out: it is minified.
 *
 * `environment.OSI_LINUX_STACK` asks for the stack.
 */
export function formatFailure(
  error: unknown,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const { message, code } = OsiError.is(error) ? error : unexpected(error);
  const stack = environment['OSI_LINUX_STACK'] && error instanceof Error ? `${error.stack}\n` : '';
  return `error: ${escapeControls(message)}\n  code: ${code}\n${stack}`;
}

function unexpected(error: unknown): OsiError {
  const message = `unexpected ${String(error)}; this is a bug, and OSI_LINUX_STACK=1 prints its stack`;
  return new OsiError('UNEXPECTED_ERROR', message, { cause: error });
}
