import { type Breakpoints, GuestWatch } from '@osi-linux/guest';
import { type JsonRow, jsonAddress, jsonCount } from '../../output/json-value';
import { RowStream, type StreamColumn } from '../../output/row-stream';
import type { Settings } from '../../settings/settings';
import { ExitCode } from '../../terminal/exit-code';
import type { Io } from '../../terminal/io';
import type { EventName } from '../event-names';
import { openWatched } from '../watched-guest';

/** An event of a watch. */
type OsiEvent = GuestWatch extends AsyncIterable<infer Event> ? Event : never;

/** The processes and events to watch, and for how long. */
export interface WatchOptions {
  readonly pids: readonly number[];
  /** Only these. */
  readonly events: readonly EventName[];
  readonly intervalMs: number | undefined;
  /** Ends after so many events. */
  readonly count: number | undefined;
  /** Ends after so many seconds. */
  readonly seconds: number | undefined;
}

const COLUMNS: readonly StreamColumn[] = [
  { field: 'event', title: 'EVENT', width: 13 },
  { field: 'cpu', title: 'CPU', width: 3, align: 'right' },
  { field: 'pid', title: 'PID', width: 7, align: 'right' },
  { field: 'tid', title: 'TID', width: 7, align: 'right' },
  { field: 'name', title: 'NAME', width: 15 },
  { field: 'createTime', title: 'STARTED', width: 15, align: 'right' },
  { field: 'taskd', title: 'TASKD', width: 18 },
];

/** `osi-linux watch`: a row an event, as it comes. @throws OsiError what goes wrong with the guest. */
export async function watch(
  source: string,
  options: WatchOptions,
  settings: Settings,
  io: Io,
): Promise<ExitCode> {
  const { guest, live, hasBreakpoints } = openWatched(source, settings);
  try {
    const breakpoints = hasBreakpoints ? placesOf(options.events) : undefined;
    const watched = new GuestWatch(guest, live, { intervalMs: options.intervalMs, breakpoints });
    await printEvents(watched, options, settings, io);
    return reportMissed(watched, breakpoints, io);
  } finally {
    live.close();
  }
}

/** Only a listener of task changes needs every switch. */
function placesOf(events: readonly EventName[]): Breakpoints {
  return events.includes('task-change') ? 'switches' : 'processes';
}

async function printEvents(
  watched: GuestWatch,
  { pids, events, count = Number.POSITIVE_INFINITY, seconds }: WatchOptions,
  settings: Settings,
  io: Io,
): Promise<void> {
  const rows = new RowStream(COLUMNS, settings.format.value, io.out);
  const removeInterrupt = io.onInterrupt?.(() => watched.end());
  const timer = seconds === undefined ? undefined : setTimeout(() => watched.end(), seconds * 1000);
  try {
    for await (const event of watched) {
      const row = eventRow(event);
      const wanted = events.includes(event.name) && (pids.length === 0 || pids.includes(Number(row['pid'])));
      if (wanted && rows.count < count) rows.add(row);
      if (rows.count >= count) watched.end();
    }
  } finally {
    clearTimeout(timer);
    removeInterrupt?.();
    rows.end();
  }
}

/** An event as the JSON has it. */
export function eventRow(change: OsiEvent): JsonRow {
  if (change.name !== 'task-change') {
    const { pid, taskd, name, createTime } = change.event;
    const ids = { cpu: null, pid, tid: pid, taskd: jsonAddress(taskd) };
    return { event: change.name, ...ids, name, createTime: jsonCount(createTime) };
  }
  const { cpu, task } = change.event;
  return {
    event: change.name,
    cpu,
    pid: task?.pid ?? null,
    tid: task?.tid ?? null,
    taskd: jsonAddress(task?.taskd ?? null),
    name: task?.name ?? null,
    createTime: jsonCount(task?.createTime ?? null),
  };
}

function reportMissed(
  { missed, missedBy, readings }: GuestWatch,
  breakpoints: Breakpoints | undefined,
  io: Io,
): ExitCode {
  const by =
    missedBy === 'ids' ? 'at least, counted by gaps in the ids' : "counted by the kernel's total_forks";
  const found =
    missed === undefined
      ? 'missed: an unknown number of threads that started and ended between two readings'
      : `missed: ${missed} threads that started and ended between two readings (${by})`;
  const how = breakpoints === undefined ? 'polling' : `breakpoints at ${breakpoints}`;
  io.err(`${how}, ${readings} readings; ${found}\n`);
  return missed === undefined || missed === 0 ? ExitCode.Complete : ExitCode.Incomplete;
}
