import {
  escapeControls,
  escapeLines,
  formatSubject,
  OsiError,
  parseAddress,
  type Skipped,
} from '@osi-linux/core';
import type { Guest } from '@osi-linux/guest';
import {
  diffSnapshots,
  foldChanges,
  SNAPSHOT_KINDS,
  type SnapshotKind,
  takeSnapshot,
} from '@osi-linux/osi-linux';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { printRows } from '../output/print-rows';
import { resolveSettings, type SettingOptions, type Settings } from '../settings/settings';
import { printError, printFailure, printFindings } from '../terminal/diagnostics';
import { ExitCode } from '../terminal/exit-code';
import { createExportReport } from '../terminal/export-report';
import type { Io } from '../terminal/io';
import { version } from '../terminal/version';
import { askListing } from './ask-listing';
import type { ListingCommand, ListingOptions } from './command';
import { current } from './commands/current';
import { dmesg } from './commands/dmesg';
import { env } from './commands/env';
import type { ExportCommand } from './commands/export';
import { files } from './commands/files';
import { addKconf } from './commands/kconf';
import { maps } from './commands/maps';
import { modules } from './commands/modules';
import { mounts } from './commands/mounts';
import { ps } from './commands/ps';
import { sockets } from './commands/sockets';
import { threads } from './commands/threads';
import { EXPORT_FORMATS } from './export-formats';
import { addLiveCommands } from './live-commands';
import { splitMissingKeys } from './missing-keys';
import { READ_LIMIT } from './read-limit';
import { askSource, askSourceDump } from './source';
import { askingTwo, isUnusedOption } from './unused-option';

interface CommandOptions extends SettingOptions {
  readonly pid: readonly number[];
  readonly cpu?: number;
  readonly threads?: boolean;
  readonly ownRoot?: boolean;
}

const LISTINGS = [ps, threads, current, sockets, modules, dmesg, maps, files, env, mounts];

/**
 * The command line `osi-linux`, ready to parse; its answers go to `io`, the exit code to `io.exitCode`.
 *
 * Where a listing is `called`, it is the only command: to describe all of them takes as long as to open a dump.
 */
export function createProgram(io: Io, called?: string): Command {
  const program = new Command('osi-linux')
    .description('List what a Linux guest is running, from a dump of its memory or from a live guest.')
    .version(version)
    .showHelpAfterError('(run osi-linux --help to list all commands)')
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(escapeLines(text)) })
    .exitOverride()
    .addHelpText('after', EXAMPLES);
  const listing = LISTINGS.find(({ name }) => name === called);
  if (listing !== undefined) addListing(program, io, listing);
  else addAll(program, io);
  return program;
}

function addAll(program: Command, io: Io): void {
  for (const listing of LISTINGS) addListing(program, io, listing);
  addIdentify(program, io);
  addTranslate(program, io);
  addRead(program, io);
  addExport(program, io);
  addDiff(program, io);
  addLiveCommands(program, addOptions, (run) => attempt(io, run), io);
  addTest(program, io);
  addNormalize(program, io);
  addKconf(program, io);
}

const EXAMPLES = `
SOURCE is a dump of the guest's memory or a live guest:
  FILE                       a dump file, which may be compressed with gzip, zlib or zstd
  http://... or https://...  a dump file on a web server
  qmp:SOCKET                 a guest under QEMU, by its QMP socket
  gdb:HOST:PORT              a guest under QEMU, by its gdb stub

Exit codes: 0 complete answer, 1 bad data or incomplete answer, 2 wrong usage.

Examples:
  osi-linux ps dump.elf
  osi-linux ps dump.elf --kconf-file kernelinfo.conf --kconf-group my_kernel_info --json
  osi-linux ps qmp:/run/guest.qmp
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
      const { answer, dump } = await askListing(listing, source, settings, io, listingOptions(options));
      const { rows, skipped, findings = [] } = answer;
      await printRows(rows, listing.columns, settings.format.value, { write: io.out, columns: io.columns });
      return reportSkipped(io, { findings: [...dump.findings, ...findings] }, skipped);
    }),
  );
}

function addIdentify(program: Command, io: Io): void {
  const command = program
    .command('identify')
    .description('show the format of a dump, its kernel and the profile that fits')
    .argument('<SOURCE>', SOURCE_HELP);
  addOptions(command).action((source: string, options: CommandOptions) =>
    attempt(io, async () => {
      const { formatIdentity, identify, identityRow } = await import('./commands');
      const settings = resolveSettings(options, io.environment);
      const { answer: identity } = await askSourceDump(source, settings, io, (dump) =>
        identify(dump, settings),
      );
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
    .description('translate a virtual address and show every page table entry on the way')
    .argument('<SOURCE>', SOURCE_HELP)
    .argument('<ADDR>', 'virtual address, hex with 0x or decimal', addressArgument);
  addOptions(command).action((source: string, address: bigint, options: CommandOptions) =>
    attempt(io, async () => {
      const { formatTranslation, translate } = await import('./commands');
      const settings = resolveSettings(options, io.environment);
      const ask = (guest: Guest) => translate(guest, address, listingOptions(options));
      const { row, missing } = (await askSource(source, settings, io, ask)).answer;
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
    .argument('<LENGTH>', `number of bytes, at most ${READ_LIMIT}`, lengthArgument)
    .option('--raw', 'write the raw bytes; missing bytes are zero and are named on stderr');
  addOptions(command).action(
    (source: string, address: bigint, length: number, options: CommandOptions & { raw?: boolean }) =>
      attempt(io, async () => {
        const { formatHexDump, read, readRow } = await import('./commands');
        const settings = resolveSettings(options, io.environment);
        const ask = (guest: Guest) => read(guest, address, length, listingOptions(options));
        const { answer, dump } = await askSource(source, settings, io, ask);
        if (options.raw) io.out(answer.bytes);
        else
          io.out(`${objectText(settings, readRow(address, answer), () => formatHexDump(address, answer))}\n`);
        const holes = answer.holes.map(({ at, length: size, reason }) => ({
          subject: { kind: 'memory', address: at, bytes: size } as const,
          reason,
        }));
        return reportSkipped(io, dump, holes);
      }),
  );
}

interface ExportOptions extends CommandOptions {
  readonly format: ExportCommand['format'];
  readonly all?: boolean;
  readonly force?: boolean;
}

function addExport(program: Command, io: Io): void {
  const command = program
    .command('export')
    .description('write a small copy of the dump with only the pages that the listings need, and the profile')
    .argument('<SOURCE>', SOURCE_HELP)
    .argument('<OUT>', 'the file to write')
    .addOption(new Option('--format <NAME>', 'format of OUT').choices(EXPORT_FORMATS).default('kdump'))
    .addOption(
      new Option('--touched', 'write only the pages that the listings need (default)').conflicts('all'),
    )
    .option('--all', 'write every page')
    .option('--force', 'replace OUT if it exists')
    .option('--json', 'print one JSON object')
    .option('--ndjson', 'print one JSON object on one line');
  addProfileOptions(command).action((source: string, out: string, options: ExportOptions) =>
    attempt(io, async () => {
      const { exportTo, formatExport } = await import('./commands');
      const settings = resolveSettings(options, io.environment);
      const { format, all = false, force = false } = options;
      const sources = [source, ...settings.parts];
      const command = { sources, out, format, all, force, onProgress: createExportReport(io) };
      const write = (found: Guest['dump']) => exportTo(found, settings, command);
      const { answer, dump } = await askSourceDump(source, settings, io, write);
      io.out(`${objectText(settings, answer.row, () => formatExport(out, answer))}\n`);
      if (answer.beside !== undefined) {
        io.err(
          `warning: a file of the format ${format} cannot hold registers or a profile; keep ${escapeControls(answer.beside)} with it\n`,
        );
      }
      const code = reportSkipped(io, dump, answer.skipped);
      if (answer.problem === null) return code;
      printError(io, answer.problem);
      return ExitCode.Incomplete;
    }),
  );
}

interface DiffOptions extends CommandOptions {
  readonly kind?: readonly SnapshotKind[];
  readonly all?: boolean;
  readonly wait?: number;
}

function addDiff(program: Command, io: Io): void {
  const command = program
    .command('diff')
    .description(
      'list the rows that were added, removed or changed between two dumps, or between two moments of a live guest',
    )
    .argument('<A>', `the earlier dump or moment: ${SOURCE_HELP}`)
    .argument('<B>', 'the later dump or moment, in the same form')
    .addOption(new Option('--kind <KIND...>', 'list only rows of these kinds').choices(SNAPSHOT_KINDS))
    .addOption(
      new Option('--pid <N>', 'list only this process; repeatable').argParser(collectPid).default([], 'all'),
    )
    .option('--all', 'also list the threads, mappings, files and sockets of processes that came or went')
    .addOption(
      new Option('--wait <SECONDS>', 'time to wait between the two moments').argParser(countArgument),
    )
    .option('--json', 'print JSON')
    .option('--ndjson', 'print JSON, one row per line');
  addProfileOptions(command).action((first: string, second: string, options: DiffOptions) =>
    attempt(io, async () => {
      const { DIFF_COLUMNS, diffRow, diffTableRow } = await import('./commands');
      const settings = resolveSettings(options, io.environment);
      const { pid: pids, kind: kinds, wait = 0, all = false } = options;
      const take = ({ linux }: Guest) => takeSnapshot(linux, { kinds, pids });
      const askOne = askingTwo(settings);
      const before = await askOne((used) => askSource(first, used, io, take));
      if (wait > 0) await new Promise((resume) => setTimeout(resume, wait * 1000));
      const after = await askOne((used) => askSource(second, used, io, take));
      const { changes, sameBoot, skipped } = diffSnapshots(before.answer, after.answer);
      const format = settings.format.value;
      const listed = all ? changes : foldChanges(changes);
      const rows = listed.map(format === 'table' ? diffTableRow : diffRow);
      await printRows(rows, DIFF_COLUMNS, format, { write: io.out, columns: io.columns });
      if (!sameBoot) io.err('warning: A and B are of two different boots: pid 1 differs\n');
      reportSkipped(io, before.dump, []);
      return reportSkipped(io, after.dump, skipped);
    }),
  );
}

function addTest(program: Command, io: Io): void {
  const command = program
    .command('test')
    .description("print the same output as PANDA's osi_test, for each processor")
    .argument('<SOURCE>', SOURCE_HELP)
    .addOption(
      new Option('--cpu <N>', 'list only the process that runs on this processor').argParser(countArgument),
    );
  addProfileOptions(command).action((source: string, options: CommandOptions) =>
    attempt(io, async () => {
      const { formatOsiTest } = await import('./commands');
      const settings = resolveSettings(options, io.environment);
      const ask = (guest: Guest) => formatOsiTest(guest, options.cpu);
      const { answer, dump } = await askSource(source, settings, io, ask);
      const { text, skipped } = answer;
      // Byte for byte for a program; a terminal gets no control characters of names.
      io.out(io.columns === undefined ? text : text.replace(/[^\n\t]+/g, escapeControls));
      return reportSkipped(io, dump, skipped);
    }),
  );
}

function addNormalize(program: Command, io: Io): void {
  program
    .command('normalize')
    .description("convert the output of test, or of PANDA's osi_test, to a form that can be compared")
    .argument('[FILE]', 'the output; - or no FILE for standard input')
    .action((file = '-') =>
      attempt(io, async () => {
        const { normalizeOsiTest, processInput, readInput, readWholeFile } = await import('./commands');
        const bytes = file === '-' ? await readInput(processInput) : readWholeFile(file);
        io.out(normalizeOsiTest(Buffer.from(bytes).toString()));
        return ExitCode.Complete;
      }),
    );
}

const OWN_ROOT_HELP = "show paths relative to each process's own root directory, not to that of pid 1";
const KCONF_FILE_HELP =
  'key file with kernel offsets (default: kernelinfo.conf in the working directory, then in ' +
  '$XDG_CONFIG_HOME/osi-linux or ~/.config/osi-linux, then the one shipped with this program)';
const SOURCE_HELP =
  "a dump of the guest's memory (file, http or https address) or a live guest (qmp:SOCKET, gdb:HOST:PORT)";
const PART_HELP = 'another file of a split dump; repeatable';
const BELOW_4G_HELP =
  'size of the RAM below 4 GiB, for a QEMU stream or a raw file that does not contain it (default: as found in the source)';

function addProfileOptions(command: Command): Command {
  return command
    .option('--kconf-file <FILE>', KCONF_FILE_HELP)
    .option(
      '--kconf-group <NAME>',
      'group of the key file to use (default: the one that fits, else a profile derived from the guest)',
    )
    .addOption(new Option('--part <FILE>', PART_HELP).argParser(collectPart))
    .addOption(new Option('--below-4g <BYTES>', BELOW_4G_HELP).argParser(bytesArgument))
    .option('--gdb <HOST:PORT>', 'gdb stub of a live guest, in addition to its QMP socket')
    .option('--no-stop', 'read a live guest without stopping it; the rows may be of different moments');
}

function addOptions(command: Command): Command {
  return addProfileOptions(command)
    .addOption(
      new Option('--pid <N>', 'list only this process; translate and read: use its address space; repeatable')
        .argParser(collectPid)
        .default([], 'all'),
    )
    .addOption(
      new Option('--cpu <N>', 'list only the process that runs on this processor').argParser(countArgument),
    )
    .option('--json', 'print JSON')
    .option('--ndjson', 'print JSON, one row per line');
}

function objectText({ format }: Settings, row: object, forPeople: () => string): string {
  if (format.value === 'table') return forPeople();
  return format.value === 'json' ? JSON.stringify(row, null, 2) : JSON.stringify(row);
}

function listingOptions({ pid, cpu, threads = false, ownRoot = false }: CommandOptions): ListingOptions {
  return { pids: pid, cpu, threads, ownRoot };
}

/** Lists the missing parts of an answer, and the oddities of the dump, on standard error. */
function reportSkipped(io: Io, dump: Pick<Guest['dump'], 'findings'>, skipped: readonly Skipped[]): ExitCode {
  printFindings(io, dump.findings);
  const { unread, note } = splitMissingKeys(skipped);
  if (note !== undefined) io.err(`warning: ${note}\n`);
  for (const { subject, reason } of unread) {
    const subjectText = reason.code === 'PROCESS_UNKNOWN' ? '' : `${formatSubject(subject)}: `;
    io.err(`${escapeControls(`${subjectText}${reasonText(reason)}`)}\n`);
  }
  // A process that is not there is a wrong pid, and nothing of the guest that could not be read.
  const items = unread.filter(({ reason }) => reason.code !== 'PROCESS_UNKNOWN').length;
  if (items > 0) io.err(`incomplete: ${items} ${items === 1 ? 'item' : 'items'} could not be read\n`);
  return unread.length === 0 ? ExitCode.Complete : ExitCode.Incomplete;
}

function reasonText(reason: OsiError): string {
  return OsiError.is(reason.cause) ? `${reason.message}: ${reasonText(reason.cause)}` : reason.message;
}

async function attempt(io: Io, run: () => ExitCode | Promise<ExitCode>): Promise<void> {
  try {
    io.exitCode = await run();
  } catch (error) {
    if (error instanceof CommanderError || !OsiError.is(error)) throw error;
    printFailure(io, error);
    io.exitCode = isUnusedOption(error) ? ExitCode.Usage : ExitCode.Incomplete;
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
  throw new InvalidArgumentError('expected a number with at most nine digits');
}

function lengthArgument(text: string): number {
  const length = /^0[xX][0-9a-fA-F]{1,8}$/.test(text) ? Number(text) : countArgument(text);
  if (length <= READ_LIMIT) return length;
  throw new InvalidArgumentError(`expected at most ${READ_LIMIT} bytes; read in pieces`);
}

function bytesArgument(text: string): number {
  if (/^(0[xX][0-9a-fA-F]{1,12}|\d{1,15})$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a number of bytes, hex with 0x or decimal');
}

function collectPart(path: string, before: readonly string[] = []): readonly string[] {
  return [...before, path];
}

function collectPid(text: string, before: readonly number[]): readonly number[] {
  return [...before, countArgument(text)];
}
