import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Guest } from '@osi-linux/guest';
import type { GuestStop } from '../guest-builder/machine/guest-stops';
import { type GuestTruth, parseGuestTruth } from '../truth/guest-truth';
import { parseTruthRecords } from '../truth/truth-records';
import { PhysicalBytes } from './physical-bytes';

/** A guest at one of its stops: the subject of the checks, and the expected answers. */
export interface StoppedGuest {
  readonly osi: Guest['osi'];
  readonly linux: Guest['linux'];
  readonly stop: GuestStop;
  readonly truth: GuestTruth;
  /** Files of the guest that {@link GuestTruth} does not keep, by path: `/proc/7/stat`. */
  readonly file: (path: string) => Uint8Array | undefined;
  /** The registers as QEMU's monitor prints them, a text for each processor. */
  readonly registers: readonly string[];
  /** The numbers of the profile, read without any code of the packages. */
  readonly section: ReadonlyMap<string, bigint>;
  /** The guest's memory, likewise. */
  readonly bytes: PhysicalBytes;
}

/** The recording of a guest, for one of its stops; only the API over it is the reader's own. */
export function readStoppedGuest(
  folder: string,
  stop: GuestStop,
  { osi, linux }: Pick<Guest, 'osi' | 'linux'>,
): StoppedGuest {
  const { records } = parseTruthRecords(readFileSync(join(folder, 'truth')));
  const files = new Map(
    records.filter(({ kind }) => kind === 'file').map(({ path, bytes }) => [path, bytes]),
  );
  const registers = readFileSync(join(folder, stop.registers), 'utf8').split(/^CPU#\d+$/m);
  return {
    osi,
    linux,
    stop,
    truth: parseGuestTruth(records, { cpus: stop.modes.length }),
    file: (path) => files.get(path),
    registers: registers.slice(1),
    section: readNumbers(readFileSync(join(folder, 'dmesg.log'), 'utf8')),
    bytes: new PhysicalBytes(join(folder, stop.dump)),
  };
}

/** A number of the profile. */
export function sectionNumber({ section }: StoppedGuest, key: string): bigint {
  const found = section.get(key);
  if (found === undefined) throw new Error(`no ${key} in the kernel log`);
  return found;
}

/** The physical address of one in the kernel's direct map: that begins with physical 0. */
export function directPhysical(guest: StoppedGuest, address: bigint): number {
  return Number(address - sectionNumber(guest, 'kernel.page_offset_addr'));
}

function readNumbers(log: string): Map<string, bigint> {
  return new Map(
    [...log.matchAll(/\] ([a-zA-Z0-9_.]+) = (-?\d+)$/gm)].map((row) => [row[1] ?? '', BigInt(row[2] ?? 0)]),
  );
}
