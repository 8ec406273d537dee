import type { CommandResult } from '../guest-builder/command';
import { runInSuiteRoot, type SuiteRootSpec, suiteRoot } from '../guest-builder/suite-root';

/** Where other programs that read dumps run: Debian's packages, unpacked, of which nothing is installed. */
export interface PeerRoot {
  /** Its folder. */
  readonly root: string;
}

const BASE = ['coreutils', 'dash', 'makedumpfile'];

/**
 * By the guest's architecture: makedumpfile is built for one. The newest suite's `crash` and `drgn` are for amd64, and
 * the last suite with an i386 `makedumpfile` is bookworm.
 */
const ROOTS: Readonly<Record<string, SuiteRootSpec>> = {
  amd64: { suite: 'sid', arch: 'amd64', packages: [...BASE, 'crash', 'python3-drgn'] },
  i386: { suite: 'bookworm', arch: 'i386', packages: BASE },
};

/**
 * The programs for dumps of guests of an architecture; fetched once, then reused.
 *
 * @throws OsiError `GUEST_COMMAND_FAILED`, `APT_MIRROR_UNKNOWN`.
 */
export async function peerRoot(arch: string): Promise<PeerRoot> {
  const spec = ROOTS[arch];
  if (spec === undefined) throw new RangeError(`no peers for ${arch}`);
  return { root: await suiteRoot(spec) };
}

/** Runs a program of the root in a folder of the machine, which it sees as `/dumps`. */
export function runPeer(
  { root }: PeerRoot,
  folder: string,
  command: readonly string[],
): Promise<CommandResult> {
  return runInSuiteRoot(root, command, { binds: { '/dumps': folder }, cwd: '/dumps' });
}
