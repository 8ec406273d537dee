import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type GuestTruth, readTruthJson } from '../truth/index';

const folder = fileURLToPath(new URL('../../recorded', import.meta.url));

/** The recorder's notes about a guest. */
export interface RecordedManifest {
  /** Name of its folder: `debian-12-amd64`. */
  readonly name: string;
  readonly kernel: { readonly banner: string; readonly release: string; readonly machine: string };
  /** The form of its page tables: `4-level`. */
  readonly paging: string;
  readonly cpus: number;
  /** How many pages of its memory are kept. */
  readonly pages: number;
  /** The commands that make such a guest again. */
  readonly reproduce: readonly string[];
  /** Digest of each file, by name. */
  readonly sha256: Readonly<Record<string, string>>;
}

/** A guest with only the pages that the listings touch. */
export interface RecordedGuest {
  /** Name of its folder: `debian-12-amd64`. */
  readonly name: string;
  /** Path of its folder. */
  readonly folder: string;
  readonly manifest: RecordedManifest;
  /** Path of its dump. */
  readonly dumpFile: string;
  /** Path of the key file with its section. */
  readonly kconfFile: string;
  /** Path of its kernel log. */
  readonly logFile: string;
  /** The guest's own answers; absent if it was not asked. */
  readonly truth: GuestTruth | undefined;
}

/** The recorded guests of the repository, by name. */
export function readRecordedGuests(): RecordedGuest[] {
  return readdirSync(folder).sort().map(readRecordedGuest);
}

/** One recorded guest. */
export function readRecordedGuest(name: string): RecordedGuest {
  const at = (file: string) => join(folder, name, file);
  const truth = existsSync(at('truth.json')) ? readTruthJson(readFileSync(at('truth.json'), 'utf8')) : undefined;
  return {
    name,
    folder: join(folder, name),
    manifest: JSON.parse(readFileSync(at('manifest.json'), 'utf8')) as RecordedManifest,
    dumpFile: at('guest.elf'),
    kconfFile: at('kernelinfo.conf'),
    logFile: at('dmesg.log'),
    truth,
  };
}
