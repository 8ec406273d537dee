import { attempt, withFindings } from '@osi-linux/core';
import type { Dump, Finding } from '@osi-linux/memory';
import type { KernelSearch } from '../kernel/search';

/** The findings that explain why a kernel is not found or cannot be read, each with the next step; the first one counts. */
const HINTS: readonly (readonly [what: readonly string[], hint: string])[] = [
  [
    ['source-failed'],
    'run the command again when the source can be read, or download the file and give its path',
  ],
  [['run-state'], 'let the guest run until Linux has booted: give the command cont in the QEMU monitor'],
  [
    ['ram-elsewhere'],
    'give the file that QEMU keeps the RAM in (mem-path of its memory-backend-file), or take the dump without x-ignore-shared',
  ],
  [['parts'], 'give the other files of the split dump: --part FILE'],
  [
    ['truncated', 'incomplete', 'damaged', 'unfinished', 'multifd', 'deltas'],
    'copy or take the dump again: a part of it is missing',
  ],
];

/** The next step that follows from what was noticed about a dump; `undefined` if nothing explains a missing kernel. */
export function damageHint(findings: readonly Finding[]): string | undefined {
  return HINTS.find(([whats]) => findings.some(({ what }) => whats.includes(what)))?.[1];
}

/**
 * The next step if no profile fits: that of the dump's damage if no kernel is found in it, both if one is, and `otherwise`
 * for a sound dump.
 */
export function hintOf({ dump, kernel }: KernelSearch, otherwise: string): string {
  const damage = damageHint(dump.findings);
  if (damage === undefined) return otherwise;
  return kernel === undefined ? damage : `${damage}; if the dump is whole, ${otherwise}`;
}

/** Runs a function; the findings of the dump stand before the error that it throws. @throws OsiError that of `run`. */
export function withFindingsOf<Value>(dump: Dump, run: () => Value): Value {
  return attempt(run, (error) => {
    throw withFindings(error, dump.findings);
  });
}
