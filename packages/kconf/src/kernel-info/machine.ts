/** What a section tells of the processor that its kernel is for. */
export interface Machine {
  /** As `uname -m` prints it; `undefined` where the name of the section does not tell. */
  readonly name: string | undefined;
  /** Bytes of a pointer; `undefined` where nothing tells. */
  readonly pointerSize: 4 | 8 | undefined;
  /** Whether it is an x86 processor, of either width. */
  readonly x86: boolean;
}

const MACHINES_64 =
  /^(x86_64|amd64|aarch64(_be)?|arm64|mips64(el)?|ppc64(le)?|riscv64|s390x|sparc64|loongarch64|alpha|ia64)$/;
const MACHINES_32 = /^(i[3-6]86|arm(v\d\w*)?|armel|armeb|mips(el|eb)?|ppc|powerpc|riscv32)$/;
const FOUR_GIB = 1n << 32n;

/** The machine that the `name` of a section ends in; where it is no known one, an address may tell the width. */
export function findMachine(name: unknown, address: unknown): Machine {
  const word = typeof name === 'string' ? machineWord(name) : undefined;
  const x86 = word === 'x86_64' || (word !== undefined && /^i[3-6]86$/.test(word));
  if (word !== undefined && MACHINES_64.test(word)) return { name: word, pointerSize: 8, x86 };
  if (word !== undefined && MACHINES_32.test(word)) return { name: word, pointerSize: 4, x86 };
  if (typeof address !== 'bigint' || address === 0n) return { name: word, pointerSize: undefined, x86 };
  return { name: word, pointerSize: address >= FOUR_GIB ? 8 : 4, x86 };
}

/** The first word of the third part of `release|version|machine`, or the last word of PANDA 1's `version machine`. */
function machineWord(name: string): string | undefined {
  const [, , machine] = name.split('|', 3);
  const word = machine === undefined ? name.trim().split(/\s/).at(-1) : machine.trim().split(/\s/, 1)[0];
  return word === '' ? undefined : word;
}
