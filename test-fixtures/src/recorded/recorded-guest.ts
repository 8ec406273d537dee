import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type GuestTruth, readTruthJson } from '../truth/index';

const folder = fileURLToPath(new URL('../../recorded', import.meta.url));

/** A guest of which only the pages are kept that the listings touch. */
export interface RecordedGuest {
  /** Name of its folder: `debian-12-amd64`. */
  readonly name: string;
  /** Path of its dump. */
  readonly dumpFile: string;
  /** Path of the key file with its section. */
  readonly kconfFile: string;
  /** Path of its kernel log. */
  readonly logFile: string;
  /** What the guest said of itself. */
  readonly truth: GuestTruth;
}

/** The recorded guests of the repository, by name. */
export function readRecordedGuests(): RecordedGuest[] {
  return readdirSync(folder).sort().map(readRecordedGuest);
}

/** One recorded guest. */
export function readRecordedGuest(name: string): RecordedGuest {
  const at = (file: string) => join(folder, name, file);
  return {
    name,
    dumpFile: at('guest.elf'),
    kconfFile: at('kernelinfo.conf'),
    logFile: at('dmesg.log'),
    truth: readTruthJson(readFileSync(at('truth.json'), 'utf8')),
  };
}
