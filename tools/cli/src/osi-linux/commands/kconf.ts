import { escapeControls, OsiError } from '@osi-linux/core';
import type { KconfIssue } from '@osi-linux/kconf';
import type { Command } from 'commander';
import type { JsonRow } from '../../output/json-value';
import { type Column, printRows } from '../../output/print-rows';
import { type OutputFormat, resolveSettings, type SettingOptions } from '../../settings/settings';
import { printFailure } from '../../terminal/diagnostics';
import { ExitCode } from '../../terminal/exit-code';
import type { Io } from '../../terminal/io';
import { addDerive } from './kconf-derive';
import { groupOf, groupsOf, type OpenKeyFile, openKeyFile } from './kconf-file';

/** Adds `osi-linux kconf` with its subcommands: all that can be asked about a `kernelinfo.conf`, and what adds to it. */
export function addKconf(program: Command, io: Io): void {
  const kconf = program
    .command('kconf')
    .description('inspect a kernelinfo.conf, or add a section to it')
    .addHelpText('after', EXAMPLES);
  addList(kconf, io);
  addShow(kconf, io);
  addCheck(kconf, io);
  addDiff(kconf, io);
  addDerive(kconf, (run) => attempt(io, {}, run), io);
}

const EXAMPLES = `
Examples:
  osi-linux kconf list kernelinfo.conf
  osi-linux kconf show kernelinfo.conf my_kernel_info
  osi-linux kconf check kernelinfo.conf my_kernel_info --strict
  osi-linux kconf diff kernelinfo.conf one_kernel another_kernel
  osi-linux kconf derive dump.elf --group my_kernel_info`;

function addList(kconf: Command, io: Io): void {
  const command = subcommand(kconf, 'list', 'list the groups and whether PANDA loads them');
  command.action((file: string, options: SettingOptions) =>
    attempt(io, options, async (format) => {
      const { LIST_COLUMNS, listGroups } = await import('.');
      const keyFile = openKeyFile(file);
      await print(io, listGroups(keyFile), LIST_COLUMNS, format);
      return report(io, keyFile, keyFile.rejections);
    }),
  );
}

function addShow(kconf: Command, io: Io): void {
  const command = subcommand(kconf, 'show', 'show the keys and their values')
    .argument('[GROUP]', 'only this group')
    .option('--raw', 'show every key with its text as GLib reads it; refuse a file that GLib rejects');
  command.action((file: string, name: string | undefined, options: SettingOptions & { raw?: boolean }) =>
    attempt(io, options, async (format) => {
      const keyFile = openKeyFile(file);
      if (options.raw) return showRaw(io, keyFile, name, format);
      const { SHOW_COLUMNS, showGroups } = await import('.');
      const { rows, problems } = showGroups(groupsOf(keyFile, name));
      await print(io, await forPeople(rows, ['value'], format), SHOW_COLUMNS, format);
      return report(io, keyFile, [...keyFile.rejections, ...problems]);
    }),
  );
}

async function showRaw(
  io: Io,
  keyFile: OpenKeyFile,
  name: string | undefined,
  format: OutputFormat,
): Promise<ExitCode> {
  const { rawJson, rawText } = await import('.');
  if (keyFile.rejections.length > 0) throw rejection(keyFile);
  const groups = groupsOf(keyFile, name);
  if (format !== 'table') io.out(`${rawJson(groups, format === 'json' ? '  ' : '')}\n`);
  else if (groups.length > 0) io.out(`${rawText(groups)}\n`);
  return ExitCode.Complete;
}

function addCheck(kconf: Command, io: Io): void {
  const command = subcommand(kconf, 'check', 'list all errors in a key file')
    .argument('[GROUP]', 'only this group')
    .option('--strict', "check as PANDA does: GLib's numbers and PANDA's required keys, nothing else");
  command.action((file: string, name: string | undefined, options: SettingOptions & { strict?: boolean }) =>
    attempt(io, options, async (format) => {
      const { checkGroups, formatFindings } = await import('.');
      const keyFile = openKeyFile(file);
      const { rows, faults } = checkGroups(keyFile, name, options.strict === true);
      if (format === 'table') io.out(`${formatFindings(rows, file)}${summary(rows.length, faults)}\n`);
      else await print(io, rows, [], format);
      return faults === 0 ? ExitCode.Complete : ExitCode.Incomplete;
    }),
  );
}

function addDiff(kconf: Command, io: Io): void {
  const command = subcommand(kconf, 'diff', 'list the keys that differ between two groups')
    .argument('<A>', 'a group')
    .argument('<B>', 'another group');
  command.action((file: string, a: string, b: string, options: SettingOptions) =>
    attempt(io, options, async (format) => {
      const { diffColumns, diffGroups } = await import('.');
      const keyFile = openKeyFile(file);
      const rows = diffGroups(groupOf(keyFile, a), groupOf(keyFile, b));
      if (rows.length === 0 && format === 'table') io.out('no key differs\n');
      else await print(io, await forPeople(rows, ['a', 'b'], format), diffColumns(a, b), format);
      return ExitCode.Complete;
    }),
  );
}

function subcommand(kconf: Command, name: string, summaryText: string): Command {
  return kconf
    .command(name)
    .description(summaryText)
    .argument('<FILE>', 'a key file such as kernelinfo.conf')
    .option('--json', 'print JSON')
    .option('--ndjson', 'print JSON, one row per line');
}

function print(
  io: Io,
  rows: readonly JsonRow[],
  columns: readonly Column[],
  format: OutputFormat,
): Promise<void> {
  const titles = columns.map((column) => ({ ...column, title: escapeControls(column.title) }));
  return printRows(rows, titles, format, { write: io.out, columns: io.columns });
}

/** In a table, addresses are shown both as the file has them and in hex. */
async function forPeople(
  rows: readonly JsonRow[],
  fields: readonly string[],
  format: OutputFormat,
): Promise<readonly JsonRow[]> {
  if (format !== 'table') return rows;
  const { infoValueText } = await import('.');
  return rows.map((row) => {
    const shown = fields.map((field) => [field, infoValueText(String(row['key']), row[field] ?? null)]);
    return { ...row, ...Object.fromEntries(shown) };
  });
}

function report(io: Io, { path }: OpenKeyFile, problems: readonly KconfIssue[]): ExitCode {
  for (const { line, message, hint } of problems) {
    io.err(`${escapeControls(`${path}:${line}: error: ${message}`)}\n`);
    if (hint !== undefined) io.err(`  hint: ${escapeControls(hint)}\n`);
  }
  return problems.length === 0 ? ExitCode.Complete : ExitCode.Incomplete;
}

function rejection({ path, rejections }: OpenKeyFile): OsiError {
  const lines = rejections.map(({ line, message }) => `\n  - ${path}:${line}: ${message}`).join('');
  return new OsiError('KEY_FILE_MALFORMED', `GLib rejects ${path}:${lines}`, {
    hint: 'correct these lines, or leave --raw out to show the rest of the file',
    fields: { path, line: rejections[0]?.line, issues: rejections },
  });
}

function summary(findings: number, faults: number): string {
  if (findings === 0) return 'no findings';
  const count = `${findings} ${findings === 1 ? 'finding' : 'findings'}`;
  return faults === 0 ? `${count}, no errors` : `${count}, ${faults} ${faults === 1 ? 'error' : 'errors'}`;
}

async function attempt(
  io: Io,
  options: SettingOptions,
  run: (format: OutputFormat) => Promise<ExitCode>,
): Promise<void> {
  try {
    io.exitCode = await run(resolveSettings(options, io.environment).format.value);
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    printFailure(io, error);
    io.exitCode = ExitCode.Incomplete;
  }
}
