import { escapeControls, formatFinding } from '@osi-linux/core';
import { type Guest, openGuest, type ProfileSource } from '@osi-linux/guest';
import { type DumpFileOptions, findKeyFile, openDumpFile } from '@osi-linux/guest/node';
import type { Settings } from '../settings/settings';
import type { Io } from '../terminal/io';
import { createSearchReport } from '../terminal/search-report';
import { createUnpackReport } from '../terminal/unpack-report';
import type { SourceAnswer } from './live-source';
import { refuseUnused } from './unused-option';

/** Asks the guest that SOURCE names; a live one stands still meanwhile. @throws OsiError why it cannot be asked. */
export async function askSource<Answer>(
  source: string,
  settings: Settings,
  io: Io,
  ask: (guest: Guest) => Answer,
): Promise<SourceAnswer<Answer>> {
  const asked = (guest: Guest): Answer => {
    reportUnfitFile(guest, io);
    return ask(guest);
  };
  if (mayBeLive(source, settings)) {
    const { askLiveGuest, findLiveSource } = await import('./live-source');
    const live = findLiveSource(source, settings.live);
    if (live !== undefined) refuseUnused(source, settings, 'live guest');
    if (live !== undefined) return askLiveGuest(live, settings.live, () => profileSource(settings), asked);
  }
  return asWork(io, (note) => {
    note(`opening ${source}`);
    const dump = openSourceDump(source, settings, io);
    try {
      note(`looking for the kernel of ${source} and its offsets`);
      const guest = openGuest(dump, profileSource(settings));
      note(`reading the answer out of ${source}`);
      return { answer: asked(guest), dump: guest.dump };
    } catch (error) {
      dump.close();
      throw error;
    }
  });
}

/** Says that the key file that was named is not used, before anything else is. */
function reportUnfitFile({ profile }: Guest, io: Io): void {
  const found = profile.findings.find(({ what }) => what === 'key-file-unfit');
  if (found === undefined) return;
  const { what, value, evidence } = formatFinding(found);
  const used = profile.group === null ? 'a profile derived from the guest' : `[${profile.group}] of the dump`;
  io.err(`${escapeControls(`warning: ${what}: ${value} (${evidence}); ${used} is used`)}\n`);
}

/** Runs work that Ctrl-C ends with a line about the step that it has come to. */
function asWork<Value>(io: Io, run: (note: (step: string) => void) => Value): Value {
  let step = '';
  const note = (text: string): void => {
    step = escapeControls(text);
  };
  return io.runInterruptible === undefined
    ? run(note)
    : io.runInterruptible(
        () => run(note),
        () => step,
      );
}

/** Asks about the dump that SOURCE names, without a kernel; a live guest stands still meanwhile. @throws OsiError as {@link askSource}. */
export async function askSourceDump<Answer>(
  source: string,
  settings: Settings,
  io: Io,
  ask: (dump: Guest['dump']) => Answer,
): Promise<SourceAnswer<Answer>> {
  if (mayBeLive(source, settings)) {
    const { askLiveDump, findLiveSource } = await import('./live-source');
    const live = findLiveSource(source, settings.live);
    if (live !== undefined) refuseUnused(source, settings, 'live guest');
    if (live !== undefined) return askLiveDump(live, settings.live, ask);
  }
  return asWork(io, (note) => {
    note(`opening ${source}`);
    const dump = openSourceDump(source, settings, io);
    note(`examining ${source}`);
    return { answer: ask(dump), dump };
  });
}

/** A source that cannot be live is read without loading the code for live guests. */
function mayBeLive(source: string, { live }: Settings): boolean {
  return /^(?:qmp|gdb):/.test(source) || live.gdb !== undefined;
}

/** Whether SOURCE is not a file of this machine: a live guest, or behind an address. */
export function isLiveOrRemote(source: string, settings: Settings): boolean {
  return mayBeLive(source, settings) || /^https?:/i.test(source);
}

function openSourceDump(source: string, settings: Settings, io: Io): Guest['dump'] {
  refuseUnused(source, settings, 'dump');
  return openDumpFile(source, dumpFileOptions(settings, io));
}

/** Where the profile comes from by the settings. @throws OsiError `PROFILE_FILE_UNREADABLE`. */
export function profileSource({ kconfFile, kconfGroup, kconfPlaces }: Settings): ProfileSource {
  const open = kconfFile.value === undefined;
  const file = findKeyFile(kconfFile.value === undefined ? kconfPlaces : [kconfFile.value]);
  return {
    keyFile: file?.keyFile,
    kconfFile: file?.path ?? kconfFile.value,
    kconfGroup: kconfGroup.value,
    places: open ? kconfPlaces : [],
  };
}

function dumpFileOptions({ belowFourGiB, parts }: Settings, io: Io): DumpFileOptions {
  return { belowFourGiB, parts, onUnpack: createUnpackReport(io), onSearch: createSearchReport(io) };
}
