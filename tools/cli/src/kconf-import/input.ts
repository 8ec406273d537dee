import { fstatSync } from 'node:fs';
import { INPUT_LIMIT, isKmsg, readWholeFile, tooLarge } from './input-file';

/** Standard input, so that tests can stand in for it. */
export interface Input {
  /** Whether a person would have to type it. */
  readonly isTerminal: boolean;
  /** Its bytes in the pieces in which they come. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** Standard input of this process. */
export const processInput: Input = {
  get isTerminal() {
    return process.stdin.isTTY === true;
  },
  async *chunks() {
    if (isKmsg(fstatSync(0))) yield readWholeFile('/dev/stdin');
    else yield* process.stdin;
  },
};

/**
 * Reads all of an input.
 *
 * @throws OsiError `INPUT_TOO_LARGE`.
 */
export async function readInput(input: Input, limit = INPUT_LIMIT): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input.chunks()) {
    length += chunk.length;
    if (length > limit) throw tooLarge('standard input', limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Whether the name of a log means standard input. */
export function isStandardInput(log: string): boolean {
  // The path cannot be opened where standard input is a socket.
  return log === '-' || log === '/dev/stdin';
}
