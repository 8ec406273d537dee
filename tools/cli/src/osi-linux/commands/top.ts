import { setTimeout as sleep } from 'node:timers/promises';
import type { Guest } from '@osi-linux/guest';
import type { LiveGuest } from '@osi-linux/qemu';
import { type JsonRow, jsonAddress } from '../../output/json-value';
import { type Column, printRows } from '../../output/print-rows';
import type { Settings } from '../../settings/settings';
import { ExitCode } from '../../terminal/exit-code';
import type { Io } from '../../terminal/io';
import { openWatched } from '../watched-guest';

/** How the table is drawn. */
export interface TopOptions {
  readonly intervalMs: number | undefined;
  /** How often it is drawn; endlessly on a terminal where it is not given, once elsewhere. */
  readonly count: number | undefined;
}

const COLUMNS: readonly Column[] = [
  { field: 'pid', title: 'PID', align: 'right' },
  { field: 'ppid', title: 'PPID', align: 'right' },
  { field: 'uid', title: 'UID', align: 'right' },
  { field: 'cpu', title: 'CPU', align: 'right' },
  { field: 'busy', title: 'BUSY%', align: 'right' },
  { field: 'name', title: 'NAME' },
  { field: 'cmdline', title: 'CMDLINE' },
];

const INTERVAL_MS = 1000;
/** Between two drawings the processors are looked at so often, to find the processes that keep them busy. */
const LOOKS = 10;
const CLEAR = '\u001b[H\u001b[2J';
const QUIT: readonly string[] = ['q', 'Q', '\u0003'];

/** `osi-linux top`: the processes of a live guest, those that run most first. @throws OsiError what goes wrong with it. */
export async function top(
  source: string,
  options: TopOptions,
  settings: Settings,
  io: Io,
): Promise<ExitCode> {
  const { guest, live } = openWatched(source, settings);
  const isScreen = io.columns !== undefined && settings.format.value === 'table';
  const most = options.count ?? (isScreen ? Number.POSITIVE_INFINITY : 1);
  const ending = new AbortController();
  const end = () => ending.abort();
  const removers = [
    io.onInterrupt?.(end),
    isScreen ? io.onKey?.((key) => QUIT.includes(key) && end()) : undefined,
  ];
  try {
    let isComplete = true;
    for (let drawn = 0; drawn < most && !ending.signal.aborted; drawn += 1) {
      const busy = await countRunning(
        guest,
        live,
        (options.intervalMs ?? INTERVAL_MS) / LOOKS,
        ending.signal,
      );
      const { rows, skipped } = readRows(guest, live, busy);
      await draw(rows, isScreen, settings, io);
      isComplete &&= skipped === 0;
    }
    if (!isComplete) io.err('incomplete: not everything could be read; run osi-linux ps for the reasons\n');
    return isComplete ? ExitCode.Complete : ExitCode.Incomplete;
  } finally {
    for (const remove of removers) remove?.();
    live.close();
  }
}

/** In how many of {@link LOOKS} looks each process had a processor. */
async function countRunning(
  guest: Guest,
  live: LiveGuest,
  pauseMs: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, number>> {
  const counts = new Map<number, number>();
  for (let look = 0; look < LOOKS && !signal.aborted; look += 1) {
    await sleep(pauseMs, undefined, { signal }).catch((error: Error) => {
      if (error.name !== 'AbortError') throw error;
    });
    for (const { pid } of readFresh(guest, live, () => guest.linux.getCurrent()))
      if (pid !== null) counts.set(pid, (counts.get(pid) ?? 0) + 1);
  }
  return counts;
}

function readRows(
  guest: Guest,
  live: LiveGuest,
  busy: ReadonlyMap<number, number>,
): { readonly rows: readonly JsonRow[]; readonly skipped: number } {
  const { processes, running } = readFresh(guest, live, () => ({
    processes: guest.linux.getProcesses(),
    running: guest.linux.getCurrent(),
  }));
  const shareOf = (pid: number | null) => Math.round(((busy.get(pid ?? -1) ?? 0) * 100) / LOOKS);
  const rows = processes.map((process) => ({
    pid: process.pid,
    ppid: process.ppid,
    uid: process.uid,
    cpu: running.find(({ pid }) => pid === process.pid)?.cpu ?? null,
    busy: shareOf(process.pid),
    name: process.name,
    taskd: jsonAddress(process.taskd),
    cmdline: process.cmdline,
  }));
  return { rows: rows.sort((one, other) => other.busy - one.busy), skipped: processes.skipped.length };
}

function readFresh<Value>({ memory, linux }: Guest, live: LiveGuest, read: () => Value): Value {
  return live.whileStopped(() => {
    memory.flush();
    linux.refresh();
    return read();
  }, true);
}

async function draw(rows: readonly JsonRow[], isScreen: boolean, settings: Settings, io: Io): Promise<void> {
  if (!isScreen) {
    await printRows(rows, COLUMNS, settings.format.value, { write: io.out, columns: io.columns });
    return;
  }
  // A line for the titles, and one that stays free.
  const height = io.rows?.();
  const shown = height === undefined ? rows : rows.slice(0, Math.max(1, height - 2));
  let text = CLEAR;
  const write = (line: string) => {
    text += line;
  };
  await printRows(shown, COLUMNS, 'table', { write, columns: io.columns });
  io.out(text);
}
