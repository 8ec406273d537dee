import { machineFamily, machineWordSize, parseKernelName } from './kernel-name';

/** The facts in a section about the processor that its kernel is for. */
export interface Machine {
  /** As `uname -m` prints it; `undefined` if the name of the section lacks it. */
  readonly name: string | undefined;
  /** Bytes of a pointer; `undefined` if nothing shows it. */
  readonly pointerSize: 4 | 8 | undefined;
  /** Whether it is an x86 processor, of either width. */
  readonly x86: boolean;
}

const FOUR_GIB = 1n << 32n;

/** The machine that the `name` of a section ends in; where it is not a known one, an address may show the width. */
export function findMachine(name: unknown, address: unknown): Machine {
  const word = typeof name === 'string' ? parseKernelName(name).machine : undefined;
  const x86 = word === 'x86_64' || (word !== undefined && machineFamily(word) === 'i386');
  const told = word === undefined ? undefined : machineWordSize(word);
  if (told !== undefined) return { name: word, pointerSize: told, x86 };
  if (typeof address !== 'bigint' || address === 0n) return { name: word, pointerSize: undefined, x86 };
  return { name: word, pointerSize: address >= FOUR_GIB ? 8 : 4, x86 };
}
