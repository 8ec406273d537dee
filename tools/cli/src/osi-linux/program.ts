import { escapeControls, OsiError, parseAddress, type Skipped } from '@osi-linux/core';
import type { Guest } from '@osi-linux/guest';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { processInput, readInput, readWholeFile } from '../kconf-import/input';
import { printRows } from '../output/print-rows';
import { resolveSettings, type SettingOptions, type Settings } from '../settings/settings';
import { printError } from '../terminal/diagnostics';
import { ExitCode } from '../terminal/exit-code';
import type { Io } from '../terminal/io';
import { version } from '../terminal/version';
import type { ListingCommand, ListingOptions } from './command';
import { current } from './commands/current';
import { dmesg } from './commands/dmesg';
import { env } from './commands/env';
import { files } from './commands/files';
import { formatIdentity, identify, identityRow } from './commands/identify';
import { addKconf } from './commands/kconf';
import { maps } from './commands/maps';
import { modules } from './commands/modules';
import { mounts } from './commands/mounts';
import { normalizeOsiTest } from './commands/normalize';
import { ps } from './commands/ps';
import { formatHexDump, READ_LIMIT, read, readRow } from './commands/read';
import { sockets } from './commands/sockets';
import { formatOsiTest } from './commands/test';
import { threads } from './commands/threads';
import { formatTranslation, translate } from './commands/translate';
import { openSource, openSourceDump } from './source';

interface CommandOptions extends SettingOptions {
  readonly pid: readonly number[];
  readonly cpu?: number;
  readonly threads?: boolean;
  readonly ownRoot?: boolean;
}

/** The command line `osi-linux`, ready to parse; what it answers goes to `io`, the exit code to `io.exitCode`. */
export function createProgram(io: Io): Command {
  const program = new Command('osi-linux')
    .description('Read what a Linux guest is doing out of its memory.')
    .version(version)
    .showHelpAfterError('(osi-linux --help tells all commands)')
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
    .exitOverride()
    .addHelpText('after', EXAMPLES);
  for (const listing of [ps, threads, current, sockets, modules, dmesg, maps, files, env, mounts])
    addListing(program, io, listing);
  addIdentify(program, io);
  addTranslate(program, io);
  addRead(program, io);
  addTest(program, io);
  addNormalize(program, io);
  addKconf(program, io);
  return program;
}

const EXAMPLES = `
SOURCE is a dump of the guest's memory: a QEMU ELF dump or a raw memory file.
Exit codes: 0 everything answered, 1 the data is bad or the answer incomplete, 2 wrong usage.

Examples:
  osi-linux ps dump.elf
  osi-linux ps dump.elf --kconf-file kernelinfo.conf --kconf-group my_kernel_info --json
  osi-linux read dump.elf 0xffffffff82000000 64
  osi-linux identify dump.raw`;

function addListing(program: Command, io: Io, listing: ListingCommand): void {
  const command = program
    .command(listing.name)
    .description(listing.summary)
    .argument('<SOURCE>', SOURCE_HELP);
  if (listing.threadsHelp !== undefined) command.option('--threads', listing.threadsHelp);
  if (listing.tellsPaths) command.option('--own-root', OWN_ROOT_HELP);
  addOptions(command).action((source: string, options: CommandOptions) =>
    attempt(io, async () => {
      const settings = resolveSettings(options, io.environment);
      const guest = openSource(source, settings);
      const { rows, skipped } = listing.list(guest, listingOptions(options));
      await printRows(rows, listing.columns, settings.format.value, { write: io.out, columns: io.columns });
      return reportSkipped(io, guest.dump, skipped);
    }),
  );
}

function addIdentify(program: Command, io: Io): void {
  const command = program
    .command('identify')
    .description('tell what a dump is')
    .argument('<SOURCE>', SOURCE_HELP);
  addOptions(command).action((source: string, options: CommandOptions) =>
    attempt(io, () => {
      const settings = resolveSettings(options, io.environment);
      const identity = identify(openSourceDump(source), settings);
      io.out(`${objectText(settings, identityRow(identity), () => formatIdentity(identity))}\n`);
      if (identity.problem === null) return ExitCode.Complete;
      printError(io, identity.problem);
      return ExitCode.Incomplete;
    }),
  );
}

function addTranslate(program: Command, io: Io): void {
  const command = program
    .command('translate')
    .description('walk the page tables to a virtual address')
    .argument('<SOURCE>', SOURCE_HELP)
    .argument('<ADDR>', 'virtual address, hex with 0x or decimal', addressArgument);
  addOptions(command).action((source: string, address: bigint, options: CommandOptions) =>
    attempt(io, () => {
      const settings = resolveSettings(options, io.environment);
      const { row, missing } = translate(openSource(source, settings), address, listingOptions(options));
      io.out(`${objectText(settings, row, () => formatTranslation(row))}\n`);
      if (missing === undefined) return ExitCode.Complete;
      io.err(`${missing}\n`);
      return ExitCode.Incomplete;
    }),
  );
}

function addRead(program: Command, io: Io): void {
  const command = program
    .command('read')
    .description('read virtual memory')
    .argument('<SOURCE>', SOURCE_HELP)
    .argument('<ADDR>', 'virtual address, hex with 0x or decimal', addressArgument)
    .argument('<LENGTH>', `bytes, at most ${READ_LIMIT}`, lengthArgument)
    .option('--raw', 'write the bytes themselves; missing ones are zero and named on stderr');
  addOptions(command).action(
    (source: string, address: bigint, length: number, options: CommandOptions & { raw?: boolean }) =>
      attempt(io, () => {
        const settings = resolveSettings(options, io.environment);
        const guest = openSource(source, settings);
        const answer = read(guest, address, length, listingOptions(options));
        if (options.raw) io.out(answer.bytes);
        else
          io.out(`${objectText(settings, readRow(address, answer), () => formatHexDump(address, answer))}\n`);
        const holes = answer.holes.map(({ at, length: size, reason }) => ({
          what: `${size} bytes at 0x${at.toString(16)}`,
          reason,
        }));
        return reportSkipped(io, guest.dump, holes);
      }),
  );
}

function addTest(program: Command, io: Io): void {
  const command = program
    .command('test')
    .description("print what PANDA's osi_test prints, for each processor")
    .argument('<SOURCE>', SOURCE_HELP)
    .addOption(new Option('--cpu <N>', 'only what this processor runs').argParser(countArgument));
  addProfileOptions(command).action((source: string, options: CommandOptions) =>
    attempt(io, () => {
      const guest = openSource(source, resolveSettings(options, io.environment));
      const { text, skipped } = formatOsiTest(guest, options.cpu);
      // Byte for byte for a program; a terminal gets no control characters of names.
      io.out(io.columns === undefined ? text : text.replace(/[^\n\t]+/g, escapeControls));
      return reportSkipped(io, guest.dump, skipped);
    }),
  );
}

function addNormalize(program: Command, io: Io): void {
  program
    .command('normalize')
    .description("bring the output of test, or of PANDA's osi_test, into a form to compare")
    .argument('[FILE]', 'the output; standard input where absent or -')
    .action((file = '-') =>
      attempt(io, async () => {
        const bytes = file === '-' ? await readInput(processInput) : readWholeFile(file);
        io.out(normalizeOsiTest(Buffer.from(bytes).toString()));
        return ExitCode.Complete;
      }),
    );
}

const OWN_ROOT_HELP = "tell paths from each process's own root directory, not from pid 1's";
const KCONF_FILE_HELP =
  'key file with the offsets of kernels (default: kernelinfo.conf in the working directory, then in ' +
  '$XDG_CONFIG_HOME/osi-linux or ~/.config/osi-linux, then the one that comes with the program)';
const SOURCE_HELP = "a dump of the guest's memory";

function addProfileOptions(command: Command): Command {
  return command
    .option('--kconf-file <FILE>', KCONF_FILE_HELP)
    .option('--kconf-group <NAME>', 'its group to use (default: the first that fits the dump)');
}

function addOptions(command: Command): Command {
  return addProfileOptions(command)
    .addOption(
      new Option('--pid <N>', 'only this process, or as it sees memory; repeatable')
        .argParser(collectPid)
        .default([], 'all'),
    )
    .addOption(new Option('--cpu <N>', 'only what this processor runs').argParser(countArgument))
    .option('--json', 'print JSON')
    .option('--ndjson', 'print JSON, a row a line');
}

function objectText({ format }: Settings, row: object, forPeople: () => string): string {
  if (format.value === 'table') return forPeople();
  return format.value === 'json' ? JSON.stringify(row, null, 2) : JSON.stringify(row);
}

function listingOptions({ pid, cpu, threads = false, ownRoot = false }: CommandOptions): ListingOptions {
  return { pids: pid, cpu, threads, ownRoot };
}

/** Names what is missing of an answer, and what is odd about the dump, on standard error. */
function reportSkipped(io: Io, dump: Guest['dump'], skipped: readonly Skipped[]): ExitCode {
  for (const { what, value, evidence } of dump.findings) {
    io.err(`warning: ${escapeControls(`${what}: ${value} (${evidence})`)}\n`);
  }
  for (const { what, reason } of skipped) io.err(`${escapeControls(`${what}: ${reasonText(reason)}`)}\n`);
  if (skipped.length === 0) return ExitCode.Complete;
  io.err(`incomplete: ${skipped.length} ${skipped.length === 1 ? 'thing' : 'things'} could not be read\n`);
  return ExitCode.Incomplete;
}

function reasonText(reason: OsiError): string {
  return OsiError.is(reason.cause) ? `${reason.message}: ${reasonText(reason.cause)}` : reason.message;
}

async function attempt(io: Io, run: () => ExitCode | Promise<ExitCode>): Promise<void> {
  try {
    io.exitCode = await run();
  } catch (error) {
    if (error instanceof CommanderError || !OsiError.is(error)) throw error;
    printError(io, error);
    io.exitCode = ExitCode.Incomplete;
  }
}

function addressArgument(text: string): bigint {
  try {
    return parseAddress(text);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as OsiError).message}; ${(error as OsiError).hint}`);
  }
}

function countArgument(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a number of at most nine digits');
}

function lengthArgument(text: string): number {
  const length = /^0[xX][0-9a-fA-F]{1,8}$/.test(text) ? Number(text) : countArgument(text);
  if (length <= READ_LIMIT) return length;
  throw new InvalidArgumentError(`expected at most ${READ_LIMIT} bytes; read in pieces`);
}

function collectPid(text: string, before: readonly number[]): readonly number[] {
  return [...before, countArgument(text)];
}
