import { attempt, OsiError, type Skipped } from '@osi-linux/core';
import { safeParseKeyFile } from '@osi-linux/kconf';
import { readUtsname } from '@osi-linux/kstruct';
import {
  type ByteSink,
  type Dump,
  type DumpContent,
  type FrameSet,
  findPresentFrames,
  type WriteDumpOptions,
  writeDump,
} from '@osi-linux/memory';
import { findVmcoreinfos, parseVmcoreinfo } from '@osi-linux/symbols';
import { type Guest, openGuest, openWithSearch } from '../guest';
import { findImageBanner } from '../kernel/banner';
import { findKernelUtsname } from '../kernel/utsname-search';
import { formatProfileSection } from '../profile/section-text';
import type { ProfileSource } from '../profile/source';
import { RecordingMemory, readAllListings } from './touched-pages';

/** The part of a guest's memory that is written: the pages that the listings read, or every page. */
export type ExportedPages = 'touched' | 'all';

/** How to export a dump. */
export interface ExportDumpOptions extends WriteDumpOptions {
  /** Which pages; default: `touched`. */
  readonly pages?: ExportedPages | undefined;
}

/** The result of an export. */
export interface ExportedDump {
  /** How many pages were written. */
  readonly pages: number;
  /** Size of the written file in bytes. */
  readonly bytes: number;
  /** The profile in use; `null` if none fits, which only `all` allows. */
  readonly profile: {
    /** As in `ProfileChoice`. */
    readonly from: string;
    /** As in `ProfileChoice`. */
    readonly group: string | null;
    /** Its section of `kernelinfo.conf`; it is in the dump if the format can hold it. */
    readonly section: string;
    /** Whether it is in the dump. */
    readonly carried: boolean;
  } | null;
  /** The things that the listings could not read; they are not in the exported dump either. */
  readonly skipped: readonly Skipped[];
  /** Why no profile fits. */
  readonly problem: OsiError | null;
}

const CARRIES_NOTES: ReadonlySet<string> = new Set(['kdump', 'elf']);

/**
 * Writes a copy of the dump: the pages that the listings read, or all of them, with registers, VMCOREINFO and
 * the profile in use, which `openGuest` takes from there. Of these, `raw` and `lime` hold the pages alone.
 *
 * @throws OsiError for `touched`, why no profile fits; what `writeDump` throws.
 *
 * @example
 * ```ts
 * declare const dump: Dump;
 * declare const keyFile: KeyFile;
 * const sink = new BytesSink();
 * exportDump(dump, { keyFile }, sink, { format: 'kdump' }).profile?.carried // => true
 * const exported = openDump(new BytesSource(sink.bytes));
 * openGuest(exported, {}).osi.getProcesses()[1]?.pid // => 1
 * exportDump(dump, {}, sink, { format: 'elf' }) // throws PROFILE_FILE_MISSING
 * ```
 */
export function exportDump(
  given: Dump,
  source: ProfileSource,
  sink: ByteSink,
  options: ExportDumpOptions,
): ExportedDump {
  const { search, guest: opened } = openWithSearch(given, source);
  const { dump } = search;
  const guest = OsiError.is(opened) ? undefined : opened;
  if (OsiError.is(opened) && options.pages !== 'all') throw opened;
  const profile = guest === undefined ? null : profileOf(guest, options.format);
  const touched =
    guest === undefined || profile === null || options.pages === 'all'
      ? undefined
      : touch(guest, profile.section, options.format);
  const frames = touched?.frames ?? findPresentFrames(dump.memory);
  const bytes = writeDump(sink, contentOf(dump, guest, frames, profile?.section), options);
  return {
    pages: frames.size,
    bytes,
    profile,
    skipped: touched?.skipped ?? [],
    problem: OsiError.is(opened) ? opened : null,
  };
}

function profileOf({ profile }: Guest, format: string): NonNullable<ExportedDump['profile']> {
  const { from, group, kernel } = profile;
  return {
    from,
    group,
    section: formatProfileSection(group, kernel.info),
    carried: CARRIES_NOTES.has(format),
  };
}

function contentOf(
  dump: Dump,
  guest: Guest | undefined,
  frames: FrameSet,
  profile: string | undefined,
): DumpContent {
  const { memory, cpus } = dump;
  const machine = dump.machine ?? (guest && machineOf(guest));
  const uname = guest && unameOf(guest);
  return { memory, frames, cpus, machine, vmcoreinfo: vmcoreinfoOf(dump, guest), profile, uname };
}

interface Touched {
  readonly frames: FrameSet;
  readonly skipped: readonly Skipped[];
}

/** Reads the listings through the profile that is written, and without registers too where there will be none. */
function touch(guest: Guest, section: string, format: string): Touched {
  const memory = new RecordingMemory(guest.dump.memory);
  const keyFile = safeParseKeyFile(section).file;
  const { machine: _machine, vmcoreinfo: _vmcoreinfo, profile: _profile, ...plain } = guest.dump;
  const { profile: _, ...whole } = guest.dump;
  const reader = openGuest({ ...whole, memory }, { keyFile });
  const skipped = readAllListings(reader);
  touchBanner(reader, guest);
  if (!CARRIES_NOTES.has(format)) readAllListings(openGuest({ ...plain, cpus: [], memory }, { keyFile }));
  return { frames: memory.frames, skipped };
}

/** The page with the kernel's banner; the search for it reads the whole image, which is not to be kept. */
function touchBanner(reader: Guest, { profile }: Guest): void {
  const { memory, info } = profile.kernel;
  const init = info['task.init_addr'];
  const uts = findKernelUtsname(profile.kernel);
  const banner = init === undefined ? undefined : findImageBanner(memory, init, uts);
  const at = banner?.address.virtual;
  if (at !== undefined) reader.memory.page(at);
}

/** The note of the dump, else the one in memory that names the same places as the profile: there can be several. */
function vmcoreinfoOf(dump: Dump, guest: Guest | undefined): string | undefined {
  if (dump.vmcoreinfo !== undefined || guest === undefined) return dump.vmcoreinfo;
  const { info } = guest.profile.kernel;
  const places = [
    ['SYMBOL(init_uts_ns)', info['uts.init_addr']],
    ['SYMBOL(swapper_pg_dir)', info['kernel.swapper_pg_dir_addr']],
  ] as const;
  const found = findVmcoreinfos(dump.memory).find(({ text }) => {
    const note = parseVmcoreinfo(text);
    const told = places.map(([line, address]) => [note.address(line), address] as const);
    const both = told.filter(([line, address]) => line !== undefined && address !== undefined);
    return both.length > 0 && both.every(([line, address]) => line === address);
  });
  return found?.text;
}

function machineOf({ profile }: Guest): 'x86_64' | 'i386' {
  return profile.kernel.memory.architecture.wordSize === 8 ? 'x86_64' : 'i386';
}

function unameOf({ profile }: Guest): ReturnType<typeof readUtsname> | undefined {
  return attempt(
    () => readUtsname(profile.kernel),
    () => undefined,
  );
}
