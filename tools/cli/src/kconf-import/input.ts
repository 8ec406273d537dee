import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { OsiError } from '@osi-linux/core';

/** Logs and key files above this are refused, in bytes: a JavaScript string holds little more. */
export const INPUT_LIMIT = 512_000_000;

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
  chunks: () => process.stdin,
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

/**
 * Reads a whole file.
 *
 * @throws OsiError `FILE_UNREADABLE`, `INPUT_TOO_LARGE`.
 */
export function readWholeFile(path: string): Uint8Array {
  try {
    const file = openSync(path, 'r');
    try {
      if (fstatSync(file).size > INPUT_LIMIT) throw tooLarge(path, INPUT_LIMIT);
      return readFileSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (OsiError.is(error)) throw error;
    throw new OsiError('FILE_UNREADABLE', `cannot read ${path}`, { cause: error, fields: { path } });
  }
}

function tooLarge(what: string, limit: number): OsiError {
  return new OsiError('INPUT_TOO_LARGE', `${what} has more than ${limit} bytes`, {
    hint: 'cut it down to the lines from KERNELINFO-BEGIN to KERNELINFO-END',
    fields: { what, limit },
  });
}
