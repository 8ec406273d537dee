import { readFileSync } from 'node:fs';

const at = (name: string) => readFileSync(new URL(`../../old-kernels/${name}`, import.meta.url), 'utf8');

/** A kernel that was booted by hand, and how its listings compared with its own answers. */
export interface HandBoot {
  /** Its version: `2.6.32.69`. */
  readonly kernel: string;
  /** As `uname -m` shows it. */
  readonly machine: string;
  /** The form of its page tables. */
  readonly paging: string;
  readonly cpus: number;
  /** The day of the boot that was compared. */
  readonly date: string;
  /** Its section in `old-kernels/kernelinfo.conf`. */
  readonly section: string;
  /** For each listing, how many rows were compared, and how many differences there were: the same from ELF and raw. */
  readonly rows: Readonly<Record<string, readonly [compared: number, different: number]>>;
}

/** The sections of old kernels, a `kernelinfo.conf`. */
export function readOldKernelsConf(): string {
  return at('kernelinfo.conf');
}

/** The old kernels that were booted by hand, the oldest first. */
export function readHandBoots(): HandBoot[] {
  return JSON.parse(at('boots.json')) as HandBoot[];
}
