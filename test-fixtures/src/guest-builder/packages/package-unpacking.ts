import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command';

/** Folders that every Debian since bookworm keeps below /usr; older packages still ship files in both places. */
const MERGED = ['bin', 'sbin', 'lib', 'lib64', 'libx32', 'lib32'];

/** Unpacks package files over each other into a folder whose /usr is merged. Nothing is configured or run. */
export async function unpackPackages(files: readonly string[], root: string): Promise<void> {
  for (const name of MERGED) {
    mkdirSync(join(root, 'usr', name), { recursive: true });
    symlinkSync(`usr/${name}`, join(root, name));
  }
  for (const file of files) {
    // tar would replace the links by folders; dpkg itself keeps them.
    const script = 'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --keep-directory-symlink';
    await runCommand('bash', ['-o', 'pipefail', '-c', script, 'unpack', file, root]);
  }
}
