/** The facts about a kernel in the `name` of its section. */
export interface KernelName {
  /** Release, where the name has one: `6.1.0-37-amd64`. */
  readonly release: string | undefined;
  /** Build: `#1 SMP Debian 3.2.51-1`. */
  readonly version: string;
  /** Machine as `uname -m` prints it, where the name has one. */
  readonly machine: string | undefined;
}

const MACHINES_64 =
  /^(x86_64|amd64|aarch64(_be)?|arm64|mips64(el)?|ppc64(le)?|riscv64|s390x|sparc64|loongarch64|alpha|ia64)$/;
/** Looked at behind those of 64 bits. */
const MACHINES_32 = /^(i[3-6]86|arm\w*|mips\w*|ppc\w*|powerpc|riscv32)$/;

/**
 * Takes the `name` of a section apart: today's `RELEASE|VERSION|MACHINE` and PANDA 1's `VERSION MACHINE`.
 *
 * Free text behind the machine is dropped. A machine of today's form need not be one that is known here.
 *
 * @example
 * ```ts
 * parseKernelName('6.1.0-37-amd64|#1 SMP|x86_64 and more')
 * // => { release: '6.1.0-37-amd64', version: '#1 SMP', machine: 'x86_64' }
 * parseKernelName('#1 SMP Debian 3.2.51-1 i686')
 * // => { release: undefined, version: '#1 SMP Debian 3.2.51-1', machine: 'i686' }
 * ```
 */
export function parseKernelName(name: string): KernelName {
  const [release = '', version, machine] = name.split('|', 3);
  if (version !== undefined && machine !== undefined) {
    const [word = ''] = machine.trim().split(/\s/, 1);
    return { release: release.trim(), version: version.trim(), machine: word === '' ? undefined : word };
  }
  const text = name.trim();
  const last = text.split(/\s/).at(-1) ?? '';
  const isMachine = machineWordSize(last) !== undefined;
  return {
    release: undefined,
    version: isMachine ? text.slice(0, -last.length).trim() : text,
    machine: isMachine ? last : undefined,
  };
}

/**
 * Bytes of a pointer of a machine; `undefined` for one that is not known here.
 *
 * @example
 * ```ts
 * ['x86_64', 'i686', 'vax'].map(machineWordSize) // => [8, 4, undefined]
 * ```
 */
export function machineWordSize(machine: string): 4 | 8 | undefined {
  if (MACHINES_64.test(machine)) return 8;
  return MACHINES_32.test(machine) ? 4 : undefined;
}

/**
 * Whether two machine names mean the same kernels: `i386` to `i686` are one, `amd64` is `x86_64`.
 *
 * @example
 * ```ts
 * sameMachine('i386', 'i686') // => true
 * sameMachine('i686', 'x86_64') // => false
 * ```
 */
export function sameMachine(one: string, other: string): boolean {
  return machineFamily(one) === machineFamily(other);
}

/**
 * The name that a machine's kernels have here, for any output of `uname -m`: `i386` for `i386` to `i686`.
 *
 * @example
 * ```ts
 * ['i686', 'amd64', 's390x'].map(machineFamily) // => ['i386', 'x86_64', 's390x']
 * ```
 */
export function machineFamily(machine: string): string {
  if (/^i[3-6]86$/.test(machine)) return 'i386';
  return machine === 'amd64' ? 'x86_64' : machine;
}
