import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { OsiError } from '@osi-linux/core';
import { type Guest, type Identity, identifyGuest, openGuest } from '@osi-linux/guest';
import { openDumpFile, readKeyFile } from '@osi-linux/guest/node';
import { segmentsOfPages, writeElfCore } from '../dump-writers/index';
import { RecordingMemory } from './recording-memory';

/** What a recorded guest is made of. */
export interface RecordingSource {
  /** A guest as the builder leaves it: `dump.elf`, `dmesg.log`, `truth.json`, `registers.txt`. */
  readonly guest: string;
  /** The section of that boot, as `kconf-import` wrote it. */
  readonly kconfFile: string;
  /** Where the recorded guest goes. */
  readonly target: string;
}

const KEPT = ['dmesg.log', 'truth.json', 'registers.txt'];

/**
 * Keeps of a guest's dump only the pages that the listings touch, as an ELF core that answers them all the same,
 * with the log, the truth and the profile of that boot, and a manifest.
 *
 * @throws OsiError where the dump cannot be opened, or a listing of it is incomplete.
 */
export function recordGuest({ guest, kconfFile, target }: RecordingSource): void {
  const dump = openDumpFile(join(guest, 'dump.elf'));
  try {
    const memory = new RecordingMemory(dump.memory);
    const keyFile = readKeyFile(kconfFile);
    const opened = openGuest({ ...dump, memory }, { keyFile, kconfFile });
    const { kernel, findings, paging, cpus } = identifyGuest(dump, { keyFile, kconfFile });
    touchListings(opened);
    touchBanner(opened, findings);
    const core = writeElfCore({
      segments: segmentsOfPages(memory.pages),
      cpus: dump.cpus.map(({ registers }) => registers),
      machine: dump.machine ?? 'x86_64',
    });
    mkdirSync(target, { recursive: true });
    writeFileSync(join(target, 'guest.elf'), core);
    copyFileSync(kconfFile, join(target, 'kernelinfo.conf'));
    for (const name of KEPT) copyFileSync(join(guest, name), join(target, name));
    writeManifest(target, { kernel, paging, cpus, pages: memory.pages.size });
  } finally {
    dump.close();
  }
}

/** Runs what the commands run, so that their pages are read. */
function touchListings({ linux }: Guest): void {
  const skipped = [
    ...linux.getProcesses().skipped,
    ...linux.getThreads().skipped,
    ...linux.getCurrent().skipped,
  ];
  const [first] = skipped;
  if (first !== undefined) {
    throw new OsiError('RECORDING_INCOMPLETE', `the dump cannot be read whole: ${first.what}`, {
      cause: first.reason,
    });
  }
}

/** The page with the kernel's banner; the search for it reads the whole image, which is not to be kept. */
function touchBanner({ memory }: Guest, findings: Identity['findings']): void {
  const banner = findings.find(({ what }) => what === 'banner');
  const place = /^virtual address (0x[0-9a-f]+)$/.exec(banner?.evidence ?? '')?.[1];
  if (place !== undefined) memory.page(BigInt(place));
}

function writeManifest(target: string, facts: Record<string, unknown>): void {
  const files = readdirSync(target)
    .filter((name) => name !== 'manifest.json')
    .sort();
  const sha256 = Object.fromEntries(files.map((name) => [name, digest(join(target, name))]));
  const manifest = { name: basename(target), ...facts, command: 'pnpm record:guest', sha256 };
  writeFileSync(join(target, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

function digest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
