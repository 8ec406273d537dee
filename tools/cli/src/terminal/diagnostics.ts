import { styleText } from 'node:util';
import { escapeControls, formatErrorChain, OsiError } from '@osi-linux/core';
import type { Io } from './io';

/** Prints an error with its causes, hints and code on standard error, control characters escaped. */
export function printError(io: Io, error: unknown): void {
  const lines = formatErrorChain(error).split('\n').map(escapeControls);
  if (OsiError.is(error)) lines.push(`  code: ${error.code}`);
  const text = lines.join('\n');
  io.err(`${io.colour ? styleText('red', 'error:', { validateStream: false }) : 'error:'} ${text}\n`);
}
