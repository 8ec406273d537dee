import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importedNames } from './import-graph';
import { listSources } from './workspace';

/** A folder whose files may not know some packages, whatever its own package may import. */
export interface ImportBan {
  /** From the root of the repository. */
  readonly folder: string;
  /** Names of packages without the scope. */
  readonly packages: readonly string[];
  readonly reason: string;
}

const ORACLE = 'the oracle says what is true without asking those whom it judges';

/** There are no exceptions: code that needs one is in the wrong folder. */
export const IMPORT_BANS: readonly ImportBan[] = [
  ...['test-fixtures/src/truth', 'test-fixtures/src/guest-builder'].map((folder) => ({
    folder,
    packages: ['x86-mmu', 'kstruct', 'osi-linux', 'symbols', 'guest'],
    reason: ORACLE,
  })),
];

/** Every import of a file of the folder that is banned there, as a sentence; packages are known by any path to them. */
export function findForbiddenImports(root: string, { folder, packages, reason }: ImportBan): string[] {
  return listSources(join(root, folder)).flatMap((path) =>
    importedNames(readFileSync(join(root, folder, path), 'utf8'))
      .filter((name) => packages.some((banned) => leadsTo(name, banned)))
      .map((name) => `${folder}/${path} imports ${name}: ${reason}`),
  );
}

function leadsTo(name: string, banned: string): boolean {
  if (name === `@osi-linux/${banned}` || name.startsWith(`@osi-linux/${banned}/`)) return true;
  return name.startsWith('.') && name.includes(`/packages/${banned}/`);
}
