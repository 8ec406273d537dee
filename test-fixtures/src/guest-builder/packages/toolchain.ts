import { type SuiteRootSpec, suiteRoot } from './suite-root';

/** The compiler of a suite, with the files that it needs to compile for guests with one kernel. */
export interface Toolchain {
  /** Folder of the unpacked compiler and kernel headers. */
  readonly root: string;
  /** The options for `gcc` to compile for the guest's architecture. */
  readonly gccTarget: readonly string[];
  /** The arguments for `make` to compile a module for it. */
  readonly makeTarget: readonly string[];
}

const PROGRAMS = [
  'make',
  'gcc',
  'libc6-dev',
  'mawk',
  'dash',
  'sed',
  'grep',
  'coreutils',
  'findutils',
  'xz-utils',
];

/** For i386 too the compiler is that of amd64: a host may be unable to run programs of 32 bits. */
const TARGETS = {
  amd64: { root: { arch: 'amd64' }, more: [], suffix: '', gccTarget: [], makeTarget: [] },
  i386: {
    root: { arch: 'amd64', foreign: 'i386' },
    more: ['gcc-multilib'],
    suffix: ':i386',
    gccTarget: ['-m32'],
    makeTarget: ['ARCH=i386'],
  },
} as const;

/**
 * The suite's own compiler with the headers of a kernel, and busybox of the guest's architecture; `compilers` are
 * packages of others beside it.
 *
 * @throws OsiError `GUEST_COMMAND_FAILED`, `APT_MIRROR_UNKNOWN`; RangeError for another architecture.
 */
export async function toolchain(
  suite: string,
  arch: string,
  release: string,
  compilers: readonly string[] = [],
): Promise<Toolchain> {
  const target = arch === 'amd64' || arch === 'i386' ? TARGETS[arch] : undefined;
  if (target === undefined) throw new RangeError(`no compiler for ${arch}`);
  const { more, suffix, gccTarget, makeTarget } = target;
  const ofGuest = ['busybox-static', `linux-headers-${release}`].map((name) => `${name}${suffix}`);
  const spec: SuiteRootSpec = {
    suite,
    ...target.root,
    packages: [...PROGRAMS, ...more, ...compilers, ...ofGuest],
  };
  return { root: await suiteRoot(spec), gccTarget, makeTarget };
}
