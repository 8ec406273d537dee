import { attempt, OsiError } from '@osi-linux/core';
import { type Guest, openGuest, type ProfileSource } from '@osi-linux/guest';
import type { LiveGuest } from '@osi-linux/qemu';
import { type LiveGuestOptions, openLiveGuest, parseGdbAddress, parseLiveSource } from '@osi-linux/qemu/node';
import { jsonText } from '../output/json-text';
import type { LiveSettings } from '../settings/settings';

/** The answer of a source, and the dump that gave it. */
export interface SourceAnswer<Answer> {
  readonly answer: Answer;
  readonly dump: Guest['dump'];
}

/**
 * The live guest that SOURCE names; `undefined` if it names a dump.
 *
 * @throws OsiError `LIVE_SOURCE_INVALID`.
 */
export function findLiveSource(source: string, { gdb }: LiveSettings): LiveGuestOptions | undefined {
  const found = parseLiveSource(source);
  if (gdb === undefined) return found;
  if (found !== undefined) return { ...found, gdb: parseGdbAddress(gdb) };
  throw new OsiError('LIVE_SOURCE_INVALID', `--gdb ${gdb}: ${source} is not a QMP socket`, {
    hint: 'use --gdb with qmp:SOCKET; to use a gdb stub alone, give gdb:HOST:PORT as SOURCE',
    fields: { source, gdb },
  });
}

/**
 * Asks a live guest that stands still meanwhile, and then runs on.
 *
 * If it can be read while it runs, it is read before too: that memory is read again at once after the stop,
 * which makes the stop short.
 *
 * @throws OsiError why it cannot be asked.
 */
export function askLiveGuest<Answer>(
  options: LiveGuestOptions,
  live: LiveSettings,
  profile: () => ProfileSource,
  ask: (guest: Guest) => Answer,
): SourceAnswer<Answer> {
  const source = profile();
  const open = (dump: LiveGuest) => openGuest(dump, source);
  return withLive(options, (dump) => {
    if (!live.stop) return askTwice(dump, open, ask);
    // A guest that runs may show what never was; it is asked again when it stands.
    const warm =
      dump.readsWhileRunning && dump.isRunning
        ? attempt(
            () => askOnce(open(dump), ask),
            () => undefined,
          )
        : undefined;
    if (warm === undefined) return dump.whileStopped(() => ask(open(dump)));
    return dump.atOneMoment(() => {
      forget(warm);
      return ask(warm);
    });
  });
}

/** Asks a live guest about its memory as a whole, while it stands still. @throws OsiError why it cannot be asked. */
export function askLiveDump<Answer>(
  options: LiveGuestOptions,
  live: LiveSettings,
  ask: (dump: Guest['dump']) => Answer,
): SourceAnswer<Answer> {
  return withLive(options, (dump) => {
    if (live.stop) return dump.whileStopped(() => ask(dump));
    requireRunning(dump);
    dump.findings.push(mixedMoments('--no-stop'));
    return ask(dump);
  });
}

function withLive<Answer>(options: LiveGuestOptions, ask: (dump: LiveGuest) => Answer): SourceAnswer<Answer> {
  const dump = openLiveGuest(options);
  try {
    return { answer: ask(dump), dump };
  } finally {
    dump.close();
  }
}

function askOnce<Answer>(guest: Guest, ask: (guest: Guest) => Answer): Guest {
  ask(guest);
  return guest;
}

/** Reads a guest that runs on, twice, and reports by how much the two readings differ. */
function askTwice<Answer>(
  dump: LiveGuest,
  open: (dump: LiveGuest) => Guest,
  ask: (guest: Guest) => Answer,
): Answer {
  requireRunning(dump);
  const guest = open(dump);
  const first = ask(guest);
  dump.refresh();
  forget(guest);
  const second = ask(guest);
  if (dump.failure !== undefined) throw dump.failure;
  const same = jsonText(first) === jsonText(second);
  dump.findings.push(mixedMoments(`--no-stop; two readings ${same ? 'agree' : 'differ'}`));
  return second;
}

function mixedMoments(evidence: string): Guest['dump']['findings'][number] {
  return {
    what: 'live',
    value: 'the guest ran while it was read: the rows may be of different moments',
    evidence,
  };
}

function requireRunning(dump: LiveGuest): void {
  if (dump.readsWhileRunning) return;
  throw new OsiError('LIVE_STOP_NEEDED', 'a gdb stub can read only a stopped guest', {
    hint: 'leave out --no-stop, or name the QMP socket as SOURCE and the stub with --gdb',
  });
}

/** Cached memory belongs to the moment before. */
function forget(guest: Guest): void {
  guest.memory.flush();
  guest.linux.refresh();
}
