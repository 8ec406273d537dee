import type { KeyFile } from './key-file';

/** Names are compared by their beginnings, so that a hostile file cannot make the comparison long. */
const NAME_LIMIT = 120;
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
  return file.groups
    .slice(0, GROUP_LIMIT)
    .map(({ name }) => ({ name, away: distance(name.slice(0, NAME_LIMIT), wanted.slice(0, NAME_LIMIT)) }))
    .sort((one, other) => one.away - other.away)
    .slice(0, LIST_LIMIT)
    .map(({ name }) => name);
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
