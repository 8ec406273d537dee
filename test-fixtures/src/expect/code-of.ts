import { OsiError } from '@osi-linux/core';

/** Where nothing was thrown. */
const NOTHING = 'nothing was thrown';

/**
 * Runs something that is expected to throw, and returns the code of its OsiError; a sentence where nothing was thrown.
 *
 * @throws unknown whatever else was thrown.
 */
export function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    return error.code;
  }
  return NOTHING;
}
