import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, publishFolder } from './cache-folder';
import { type CommandResult, runCommand } from './command';
import { unpackPackages } from './package-unpacking';
import { PrivateApt, type Suite } from './private-apt';

/** A folder with packages of one suite in it. */
export interface SuiteRootSpec extends Suite {
  /** The packages that must be there; all that they depend on comes along. */
  readonly packages: readonly string[];
}

/** How a command runs inside of a suite root. */
export interface SuiteRootRun {
  /** Folders of the machine that are seen inside: path inside -> path outside. */
  readonly binds?: Readonly<Record<string, string>>;
  /** Working folder inside; `/` when absent. */
  readonly cwd?: string;
}

/** Names that a package's own installation script would have linked. */
const LINKS: Readonly<Record<string, string>> = { 'usr/bin/sh': 'dash', 'usr/bin/awk': 'mawk' };

/**
 * A folder into which packages of a suite and all that they depend on are unpacked; made once, then reused.
 *
 * Nothing is installed on the machine. Needs root and a Debian mirror.
 *
 * @throws OsiError `GUEST_COMMAND_FAILED`, `APT_MIRROR_UNKNOWN`.
 */
export async function suiteRoot(spec: SuiteRootSpec): Promise<string> {
  const packages = [...new Set(spec.packages)].sort();
  const key = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 12);
  const architectures = [spec.arch, spec.foreign].filter((arch) => arch !== undefined).join('-');
  const folder = join(cacheFolder(), 'roots', `${spec.suite}-${architectures}-${key}`);
  return publishFolder(folder, async (temporary) => {
    const apt = await PrivateApt.open(spec);
    await unpackPackages(await apt.fetchClosure(packages), temporary);
    for (const name of ['proc', 'dev', 'tmp', 'root', 'etc'])
      mkdirSync(join(temporary, name), { recursive: true });
    for (const [name, target] of Object.entries(LINKS)) {
      const at = join(temporary, name);
      if (!existsSync(at) && existsSync(join(at, '..', target))) symlinkSync(target, at);
    }
  });
}

/** Mounts of the command's own; gone with it, whatever happens. Arguments: root, cwd, pairs, "--", command. */
const ENTER = `
set -e
root=$1 cwd=$2
shift 2
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
while [ "$1" != -- ]; do
  mkdir -p "$root$1"
  mount --bind "$2" "$root$1"
  shift 2
done
shift
exec chroot "$root" env -i -C "$cwd" PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"
`;

/**
 * Runs a command inside of a suite root, with `/proc` and `/dev` there.
 *
 * @throws OsiError `GUEST_COMMAND_FAILED` when the command does not exit with 0.
 */
export async function runInSuiteRoot(
  root: string,
  command: readonly string[],
  { binds = {}, cwd = '/' }: SuiteRootRun = {},
): Promise<CommandResult> {
  const pairs = Object.entries(binds).flat();
  const enter = ['sh', '-c', ENTER, 'enter', root, cwd, ...pairs, '--', ...command];
  return runCommand('unshare', ['--mount', ...enter]);
}
