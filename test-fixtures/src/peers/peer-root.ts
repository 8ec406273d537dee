import type { CommandResult } from '../guest-builder/packages/command';
import { runInSuiteRoot, type SuiteRootSpec, suiteRoot } from '../guest-builder/packages/suite-root';

/** Where other programs that read dumps run: Debian's packages, unpacked and not installed. */
export interface PeerRoot {
  /** Its folder. */
  readonly root: string;
  /** The words with which `makedumpfile` is called: by an emulator where it is of another architecture. */
  readonly makedumpfile: readonly string[];
}

const BASE = ['coreutils', 'dash'];

/**
 * By the guest's architecture: makedumpfile is built for one. The newest suite's `crash` and `drgn` are for amd64, and
 * the last suite with an i386 `makedumpfile` is bookworm. A host may be unable to run programs of i386, so that one runs
 * in QEMU.
 */
const ROOTS: Readonly<Record<string, SuiteRootSpec & { readonly makedumpfile: readonly string[] }>> = {
  amd64: {
    suite: 'sid',
    arch: 'amd64',
    packages: [...BASE, 'makedumpfile', 'crash', 'python3-drgn'],
    makedumpfile: ['makedumpfile'],
  },
  i386: {
    suite: 'bookworm',
    arch: 'amd64',
    foreign: 'i386',
    packages: [...BASE, 'makedumpfile:i386', 'qemu-user-static'],
    makedumpfile: ['qemu-i386-static', '/usr/bin/makedumpfile'],
  },
};

/**
 * The programs for dumps of guests of an architecture; fetched once, then reused.
 *
 * @throws OsiError `GUEST_COMMAND_FAILED`, `APT_MIRROR_UNKNOWN`.
 */
export async function peerRoot(arch: string): Promise<PeerRoot> {
  const known = ROOTS[arch];
  if (known === undefined) throw new RangeError(`no peers for ${arch}`);
  const { makedumpfile, ...spec } = known;
  return { root: await suiteRoot(spec), makedumpfile };
}

/** Runs a program of the root in a folder of the machine, which it sees as `/dumps`. */
export function runPeer(
  { root }: PeerRoot,
  folder: string,
  command: readonly string[],
): Promise<CommandResult> {
  return runInSuiteRoot(root, command, { binds: { '/dumps': folder }, cwd: '/dumps' });
}
