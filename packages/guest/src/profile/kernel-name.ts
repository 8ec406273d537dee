/** What the `name` of a profile says of its kernel. */
export interface ProfileName {
  /** Release, where the name has one: `6.1.0-37-amd64`. */
  readonly release: string | undefined;
  /** Build: `#1 SMP Debian 3.2.51-1`. */
  readonly version: string;
  /** Machine as `uname -m` prints it, where the name has one. */
  readonly machine: string | undefined;
}

/**
 * Takes the `name` of a profile apart: today's `RELEASE|VERSION|MACHINE` and PANDA 1's `VERSION MACHINE`.
 *
 * Free text after the machine is dropped.
 */
export function parseProfileName(name: string): ProfileName {
  const parts = name.split('|');
  if (parts.length >= 3) {
    const [release, version] = parts as [string, string];
    return {
      release: release.trim(),
      version: version.trim(),
      machine: firstWord(parts[parts.length - 1] ?? ''),
    };
  }
  const words = name.trim().split(/\s+/);
  const last = words[words.length - 1] ?? '';
  const machine = MACHINE.test(last) ? last : undefined;
  const version = machine === undefined ? name.trim() : name.trim().slice(0, -last.length).trim();
  return { release: undefined, version, machine };
}

const MACHINE = /^(i[3-6]86|x86_64|amd64|arm\w*|aarch64|mips\w*|ppc\w*)$/;

function firstWord(text: string): string | undefined {
  return text.trim().split(/\s+/)[0] || undefined;
}

/** Whether two machine names mean the same kernels: `i386` to `i686` are one. */
export function sameMachine(a: string, b: string): boolean {
  return machineFamily(a) === machineFamily(b);
}

function machineFamily(machine: string): string {
  if (/^i[3-6]86$/.test(machine)) return 'i386';
  return machine === 'amd64' ? 'x86_64' : machine;
}
