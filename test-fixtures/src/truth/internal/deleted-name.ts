/**
 * Names of files of the guests that end in " (deleted)" and are there. The kernel adds the same words to the path of a
 * file that was unlinked, so that the text does not distinguish them.
 */
const NAMES_THAT_END_SO: ReadonlySet<string> = new Set([
  'ends (deleted)',
  'programends (deleted)',
  'program (deleted)',
  'there (deleted)',
]);

/** The last component of a path, without the words that the kernel adds when it was unlinked. */
export function lastComponent(path: string): string {
  const name = path.replace(/^.*\//s, '');
  return NAMES_THAT_END_SO.has(name) ? name : path.replace(/ \(deleted\)$/, '').replace(/^.*\//s, '');
}
