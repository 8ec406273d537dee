import { dirname } from 'node:path';
import { listSources } from './workspace';

/** As many source files as a reader can take in at once. */
export const MOST_FILES = 24;

/** A folder of one file a command, so that a command is found by its name. */
const UNBOUNDED = /(^|\/)commands$/;

/** The folders, the given one among them, that have more source files than a reader takes in, with how many. */
export function findFullFolders(directory: string): string[] {
  const counts = new Map<string, number>();
  for (const path of listSources(directory)) {
    const folder = dirname(path);
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts]
    .filter(([folder, count]) => count > MOST_FILES && !UNBOUNDED.test(folder))
    .map(([folder, count]) => `${folder} has ${count} source files, expected at most ${MOST_FILES}`);
}
