import { nearestNames } from '@osi-linux/core';
import type { KeyFile } from './key-file';

const LIST_LIMIT = 50;
/** The names that are compared at all: a file of people has hundreds at the most. */
const GROUP_LIMIT = 2000;

/**
 * The names of a file's groups that are most like a name that it does not have, nearest first; at most 50.
 *
 * Nearness is Levenshtein's distance over the first 120 characters; the first 2000 groups are compared.
 *
 * @example
 * ```ts
 * const file = parseKeyFile('[debian:32]\n[ubuntu:64]\n');
 * nearestGroupNames(file, 'ubuntu-64') // => ['ubuntu:64', 'debian:32']
 * ```
 */
export function nearestGroupNames(file: KeyFile, wanted: string): string[] {
  const names = file.groups.slice(0, GROUP_LIMIT).map(({ name }) => name);
  return nearestNames(names, wanted).slice(0, LIST_LIMIT);
}
