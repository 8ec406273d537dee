import { KERNELINFO_SCHEMA } from '../schema/schema';

const keys: ReadonlySet<string> = new Set(
  KERNELINFO_SCHEMA.flatMap(({ key, aliases }) => [key, ...(aliases ?? [])]),
);
const groups: ReadonlySet<string> = new Set([...keys].map((key) => key.split('.')[0] ?? key));
const longest = Math.max(...[...keys].map((key) => key.length));

/** Whether a word is a key of the schema, by today's name or an older one. */
export function isKnownKey(word: string): boolean {
  return keys.has(word);
}

/** Whether a word is built as a key of the schema is: `task.something`. */
export function looksLikeKey(word: string): boolean {
  return keys.has(word) || (word.includes('.') && groups.has(word.split('.')[0] ?? ''));
}

/** A key with a dot that a word ends in: `x86_64task.size` ends in `task.size`. */
export function findKeyAtEnd(word: string): string | undefined {
  for (let start = Math.max(0, word.length - longest); start < word.length; start += 1) {
    const end = word.slice(start);
    if (end.includes('.') && keys.has(end)) return end;
  }
  return undefined;
}
