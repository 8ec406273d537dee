/** Names are compared by their beginnings, so that a hostile one cannot make the comparison long. */
const NAME_LIMIT = 120;

/**
 * Names sorted by their likeness to another name, nearest first: an error offers them for an unknown name.
 *
 * Nearness is Levenshtein's distance over the first 120 characters. The caller bounds how many names there are.
 *
 * @example
 * ```ts
 * nearestNames(['debian:32', 'ubuntu:64'], 'ubuntu-64') // => ['ubuntu:64', 'debian:32']
 * ```
 */
export function nearestNames<Name extends string>(names: readonly Name[], wanted: string): Name[] {
  const text = wanted.slice(0, NAME_LIMIT);
  return names
    .map((name) => ({ name, away: distance(name.slice(0, NAME_LIMIT), text) }))
    .sort((one, other) => one.away - other.away)
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
