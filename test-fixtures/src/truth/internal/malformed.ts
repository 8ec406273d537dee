import { OsiError } from '@osi-linux/core';

/** The error for a file of the guest that does not have its form. */
export function malformed(what: string, text: string): OsiError {
  return new OsiError('TRUTH_MALFORMED', `truth: ${what}: ${JSON.stringify(text.slice(0, 200))}`, {
    hint: 'look at the collector and at task_truth.c',
    fields: { text },
  });
}
