import { styleText } from 'node:util';
import {
  escapeControls,
  type Finding,
  findingsOf,
  formatErrorChain,
  formatFinding,
  OsiError,
} from '@osi-linux/core';
import type { Io } from './io';

/** Prints what was noticed about a dump on standard error, a line each. */
export function printFindings(io: Io, findings: readonly Finding[]): void {
  for (const { what, value, evidence } of findings.map(formatFinding)) {
    io.err(`warning: ${escapeControls(`${what}: ${value} (${evidence})`)}\n`);
  }
}

/** Prints a failure: what was noticed before it, and then the error as {@link printError} does. */
export function printFailure(io: Io, error: OsiError): void {
  printFindings(io, findingsOf(error));
  printError(io, error);
}

/** Prints an error with its causes, hints and code on standard error, control characters escaped. */
export function printError(io: Io, error: unknown): void {
  const lines = formatErrorChain(error).split('\n').map(escapeControls);
  if (OsiError.is(error)) lines.push(`  code: ${error.code}`);
  const text = lines.join('\n');
  io.err(`${io.colour ? styleText('red', 'error:', { validateStream: false }) : 'error:'} ${text}\n`);
}
