import { type Command, InvalidArgumentError, Option } from 'commander';
import { resolveSettings, type SettingOptions } from '../settings/settings';
import type { ExitCode } from '../terminal/exit-code';
import type { Io } from '../terminal/io';
import { EVENT_NAMES, type EventName } from './event-names';

interface LiveOptions extends SettingOptions {
  readonly pid: readonly number[];
  readonly interval?: number;
  readonly count?: number;
  readonly for?: number;
  readonly events: readonly EventName[];
}

const LIVE_HELP = 'a live guest, qmp:SOCKET or gdb:HOST:PORT';
const EVENTS_HELP = `print only these events, separated by commas: ${EVENT_NAMES.join(', ')}; with --gdb, far faster without task-change`;

/** Adds `osi-linux watch` and `osi-linux top`. `addOptions` adds the options of all listings, `attempt` runs one. */
export function addLiveCommands(
  program: Command,
  addOptions: (command: Command) => Command,
  attempt: (run: () => Promise<ExitCode>) => Promise<void>,
  io: Io,
): void {
  const watching = program
    .command('watch')
    .description('print the events of a live guest, until Ctrl-C')
    .argument('<SOURCE>', LIVE_HELP)
    .addOption(
      new Option('--events <NAMES>', EVENTS_HELP).argParser(eventsArgument).default(EVENT_NAMES, 'all'),
    )
    .addOption(
      new Option('--interval <MS>', 'milliseconds between two readings of all processes').argParser(
        countArgument,
      ),
    )
    .addOption(new Option('--count <N>', 'stop after N events').argParser(countArgument))
    .addOption(new Option('--for <SECONDS>', 'stop after this time').argParser(countArgument));
  addOptions(watching).action((source: string, options: LiveOptions) =>
    attempt(async () => {
      const { watch } = await import('./commands');
      const { pid: pids, events, interval: intervalMs, count, for: seconds } = options;
      const settings = resolveSettings(options, io.environment);
      return watch(source, { pids, events, intervalMs, count, seconds }, settings, io);
    }),
  );
  const topping = program
    .command('top')
    .description('show the processes of a live guest, busiest first; press q to quit')
    .argument('<SOURCE>', LIVE_HELP)
    .addOption(new Option('--interval <MS>', 'milliseconds between two tables').argParser(countArgument))
    .addOption(new Option('--count <N>', 'stop after N tables').argParser(countArgument));
  addOptions(topping).action((source: string, { interval: intervalMs, count, ...options }: LiveOptions) =>
    attempt(async () => {
      const { top } = await import('./commands');
      return top(source, { intervalMs, count }, resolveSettings(options, io.environment), io);
    }),
  );
}

function countArgument(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a number from 1, with at most nine digits');
}

function eventsArgument(text: string): readonly EventName[] {
  return text.split(',').map((name) => {
    const found = EVENT_NAMES.find((known) => known === name);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`expected one or more of ${EVENT_NAMES.join(', ')}`);
  });
}
