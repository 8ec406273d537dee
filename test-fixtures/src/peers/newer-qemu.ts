import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { cacheFolder } from '../guest-builder/packages/cache-folder';
import { suiteRoot } from '../guest-builder/packages/suite-root';

/** QEMU of a suite that is newer than the machine's own, unpacked and not installed. */
const ROOT = {
  suite: 'trixie',
  arch: 'amd64',
  // QEMU runs sh and cat for a migration with exec:.
  packages: ['coreutils', 'dash', 'qemu-system-x86'],
} as const;

/** Becomes QEMU in the root, with the same process number. It sees the folders of the machine that have its files. */
const program = (root: string): string => `#!/bin/sh
exec unshare --mount sh -c '
set -e
root=$1
shift
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
for folder in ${[tmpdir(), cacheFolder()].join(' ')}; do
  mkdir -p "$root$folder"
  mount --rbind "$folder" "$root$folder"
done
exec chroot "$root" /usr/bin/qemu-system-x86_64 "$@"
' qemu ${root} "$@"
`;

/**
 * Runs a function while `qemu-system-x86_64` is that of Debian's newer suite: `Machine.start` then starts that one. Its
 * program is written into `folder`.
 *
 * @throws OsiError `GUEST_COMMAND_FAILED`, `APT_MIRROR_UNKNOWN`.
 */
export async function withNewerQemu<Value>(folder: string, run: () => Promise<Value>): Promise<Value> {
  const root = await suiteRoot(ROOT);
  const programs = join(folder, 'programs');
  mkdirSync(programs, { recursive: true });
  writeFileSync(join(programs, 'qemu-system-x86_64'), program(root));
  chmodSync(join(programs, 'qemu-system-x86_64'), 0o755);
  const { PATH } = process.env;
  process.env['PATH'] = `${programs}${delimiter}${PATH ?? ''}`;
  try {
    return await run();
  } finally {
    process.env['PATH'] = PATH;
  }
}
