import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { PhysicalMemory } from '@osi-linux/core';
import { type Guest, type Identity, identifyGuest, openGuest, RecordingMemory } from '@osi-linux/guest';
import { openDumpFile, readKeyFile } from '@osi-linux/guest/node';
import { segmentsOfPages, writeElfCore } from '../dump-writers/index';
import { readTruthJson } from '../truth/truth-json';
import { touchListings } from './touch-listings';

/** The parts of a recorded guest. */
export interface RecordingSource {
  /** A dump of its memory with the registers of its processors. */
  readonly dumpFile: string;
  /** The kernel log of that boot. */
  readonly logFile: string;
  /** The section of that boot, as `kconf-import` wrote it. */
  readonly kconfFile: string;
  /** The guest's own answers, as `formatGuestTruth` prints them; absent if it was not asked. */
  readonly truth?: string | undefined;
  /** The registers as the machine monitor prints them; only for people to look at. */
  readonly registersFile?: string | undefined;
  /** The commands that make such a guest again, or words on where it came from. */
  readonly reproduce: readonly string[];
  /** Where the recorded guest goes; the name of this folder is its name. */
  readonly target: string;
}

/**
 * Keeps of a guest's dump only the pages that the listings touch, as an ELF core that answers them all the same,
 * with the log, the truth and the profile of that boot, and a manifest.
 *
 * @throws OsiError where the dump cannot be opened, or `RECORDING_INCOMPLETE` where a listing of it is.
 */
export function recordGuest(source: RecordingSource): void {
  const { kconfFile, target } = source;
  const dump = openDumpFile(source.dumpFile);
  try {
    const memory = new RecordingMemory(dump.memory);
    const keyFile = readKeyFile(kconfFile);
    const opened = openGuest({ ...dump, memory }, { keyFile, kconfFile });
    const { kernel, findings, paging, cpus } = identifyGuest(dump, { keyFile, kconfFile });
    touchListings(opened, source.truth === undefined ? undefined : readTruthJson(source.truth));
    touchBanner(opened, findings);
    const core = writeElfCore({
      segments: segmentsOfPages(readPages(dump.memory, memory.frames)),
      cpus: dump.cpus.map(({ registers }) => registers),
      machine: dump.machine ?? 'x86_64',
    });
    mkdirSync(target, { recursive: true });
    writeFileSync(join(target, 'guest.elf'), core);
    copyFileSync(kconfFile, join(target, 'kernelinfo.conf'));
    copyFileSync(source.logFile, join(target, 'dmesg.log'));
    if (source.registersFile !== undefined) copyFileSync(source.registersFile, join(target, 'registers.txt'));
    if (source.truth !== undefined) writeFileSync(join(target, 'truth.json'), source.truth);
    const facts = { kernel, paging, cpus, pages: memory.frames.size, reproduce: source.reproduce };
    writeManifest(target, facts);
  } finally {
    dump.close();
  }
}

/**
 * Where the parts of a guest are that the builder left in a folder, and the command that makes it again.
 *
 * @throws SyntaxError where `guest.json` is damaged.
 */
export function builtGuestParts(guest: string): Omit<RecordingSource, 'kconfFile' | 'target'> {
  const at = (name: string) => join(guest, name);
  const { release: _, ...spec } = JSON.parse(readFileSync(at('guest.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  const settings = Object.entries(spec).map(([key, value]) => `${key}=${String(value)}`);
  return {
    dumpFile: at('dump.elf'),
    logFile: at('dmesg.log'),
    truth: readFileSync(at('truth.json'), 'utf8'),
    registersFile: existsSync(at('registers.txt')) ? at('registers.txt') : undefined,
    reproduce: [
      `pnpm build:guest GUEST ${settings.join(' ')}`,
      `kconf-import GUEST/dmesg.log --group ${String(spec['name'] ?? 'NAME')} --output kernelinfo.conf`,
      `pnpm record:guest GUEST kernelinfo.conf TARGET`,
    ],
  };
}

function readPages(memory: PhysicalMemory, frames: RecordingMemory['frames']): Map<number, Uint8Array> {
  const pages = new Map<number, Uint8Array>();
  for (const frame of frames) {
    const page = memory.page(frame);
    if (page === undefined) throw memory.hole(frame);
    pages.set(frame, page.bytes);
  }
  return pages;
}

/** The page with the kernel's banner; the search for it reads the whole image, which is not to be kept. */
function touchBanner({ memory }: Guest, findings: Identity['findings']): void {
  const banner = findings.find(({ what }) => what === 'banner');
  if (typeof banner?.evidence === 'object' && banner.evidence.virtual !== undefined)
    memory.page(banner.evidence.virtual);
}

function writeManifest(target: string, facts: Record<string, unknown>): void {
  const files = readdirSync(target)
    .filter((name) => name !== 'manifest.json')
    .sort();
  const sha256 = Object.fromEntries(files.map((name) => [name, digest(join(target, name))]));
  const manifest = { name: basename(target), ...facts, sha256 };
  writeFileSync(join(target, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

function digest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
