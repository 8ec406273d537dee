import { escapeControls, OsiError } from '@osi-linux/core';
import { insertGroup, isGroupName, replaceGroup, safeParseKeyFile } from '@osi-linux/kconf';
import { Command, CommanderError } from 'commander';
import { printError } from '../terminal/diagnostics';
import { ExitCode } from '../terminal/exit-code';
import type { Io } from '../terminal/io';
import { version } from '../terminal/version';
import { type Input, readInput, readWholeFile } from './input';
import { type Action, countFindings, printFinding, printJson } from './report';
import { type Finding, type ImportedSection, readSection } from './section';
import { readTarget, type TargetFile, writeTarget } from './target-file';

interface Options {
  readonly group: string;
  readonly output: string;
  readonly replace?: boolean;
  readonly dryRun?: boolean;
  readonly allowIncomplete?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
LOG is what the kernel module printed: the output of dmesg and its options,
journalctl -k, a syslog file or a capture of the serial console. Without LOG, or
with -, it is read from standard input.

Exit codes: 0 done, 1 the log or the file is bad and nothing was written,
2 wrong usage.

Examples:
  dmesg | kconf-import --group my_kernel_info
  kconf-import dmesg.log --group my_kernel_info --output kernelinfo.conf
  kconf-import dmesg.log --group my_kernel_info --replace
  kconf-import dmesg.log --group my_kernel_info --dry-run --json
  kconf-import dmesg.log --group my_kernel_info --output - > my.conf`;

/** Runs `kconf-import` with the words behind its name; the exit code is left in `io.exitCode`. */
export async function run(argv: readonly string[], io: Io, input: Input): Promise<void> {
  const program = createProgram(io);
  program.action(async (log: string | undefined, options: Options) => {
    if (!isGroupName(options.group)) {
      program.error(
        `error: GLib cannot hold a group of the name "${escapeControls(options.group)}": expected at least one character, no brackets and no control characters`,
      );
    }
    if (log === undefined && input.isTerminal) {
      program.outputHelp({ error: true });
      program.error('\nerror: no LOG, and standard input is a terminal');
    }
    io.exitCode = await importLog(log ?? '-', options, io, input);
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError)
      io.exitCode = error.exitCode === 0 ? ExitCode.Complete : ExitCode.Usage;
    else if (OsiError.is(error)) {
      printError(io, error);
      io.exitCode = ExitCode.Incomplete;
    } else throw error;
  }
}

function createProgram(io: Io): Command {
  return new Command('kconf-import')
    .description(
      'Put what the kernelinfo module printed to a kernel log into kernelinfo.conf, as a group of its own.',
    )
    .version(version)
    .argument('[LOG]', 'the kernel log; - for standard input')
    .requiredOption('--group <NAME>', 'name of the group, such as my_kernel_info')
    .option('--output <FILE>', 'key file to add to, made if absent; - for standard output', 'kernelinfo.conf')
    .option('--replace', 'replace the group if the file has it already')
    .option('--dry-run', 'write nothing, print the section that would be written')
    .option('--allow-incomplete', 'also take a section that merely lacks keys')
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(kconf-import --help tells all options)')
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
    .exitOverride();
}

async function importLog(log: string, options: Options, io: Io, input: Input): Promise<ExitCode> {
  const bytes = log === '-' ? await readInput(input) : readWholeFile(log);
  const section = readSection(bytes, options.group);
  const name = log === '-' ? 'standard input' : log;
  for (const finding of section.findings) printFinding(io, name, finding);
  const { action, findings } = store(section, options, io);
  if (options.json === true) {
    printJson(io, { group: options.group, output: options.output, action, section, findings });
  } else if (action === 'dry-run' || action === 'printed') {
    io.out(section.text);
  }
  return action === 'refused' ? ExitCode.Incomplete : ExitCode.Complete;
}

interface Outcome {
  readonly action: Action;
  readonly findings: readonly Finding[];
}

function store(section: ImportedSection, options: Options, io: Io): Outcome {
  const { findings } = section;
  const wrong = findings.some(({ severity }) => severity === 'error');
  const lacking = findings.some(({ severity }) => severity === 'incomplete');
  if (wrong || (lacking && options.allowIncomplete !== true)) {
    const remedy = wrong ? '' : '; --allow-incomplete takes it all the same';
    io.err(
      `refused: ${countFindings(findings)} in the section [${escapeControls(options.group)}]${remedy}\n`,
    );
    return { action: 'refused', findings };
  }
  if (lacking) io.err(`warning: the section is taken with ${countFindings(findings)}\n`);
  if (options.output === '-') return { action: 'printed', findings };
  try {
    return { action: addToFile(section, options, io), findings };
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    printError(io, error);
    return {
      action: 'refused',
      findings: [...findings, { severity: 'error', line: null, key: null, message: error.message }],
    };
  }
}

function addToFile(section: ImportedSection, options: Options, io: Io): Action {
  const target = readTarget(options.output);
  const exists = checkTarget(target, options, io);
  const text = { name: options.group, lines: section.lines };
  const bytes = exists ? replaceGroup(target.bytes, text) : insertGroup(target.bytes, text);
  const what = `[${escapeControls(options.group)}]`;
  const where = `${escapeControls(options.output)}: ${section.keys} ${section.keys === 1 ? 'key' : 'keys'}`;
  if (options.dryRun === true) {
    io.err(exists ? `would replace ${what} in ${where}\n` : `would add ${what} to ${where}\n`);
    return 'dry-run';
  }
  writeTarget(target, bytes);
  const done = exists ? `replaced ${what} in ${where}\n` : `added ${what} to ${where}\n`;
  if (options.json === true) io.err(done);
  else io.out(done);
  return exists ? 'replaced' : 'added';
}

/** Whether the file has the group; warns of lines for which GLib rejects the whole file. */
function checkTarget(target: TargetFile, { group, replace }: Options, io: Io): boolean {
  const { file, issues } = safeParseKeyFile(target.bytes);
  for (const { severity, line, message, hint } of issues) {
    if (severity !== 'error') continue;
    const rejected = {
      severity: 'warning',
      line,
      key: null,
      message: `GLib rejects the file for this line: ${message}`,
    } as const;
    printFinding(io, target.name, hint === undefined ? rejected : { ...rejected, hint });
  }
  const exists = file.groups.some(({ name }) => name === group);
  if (exists && replace !== true) {
    throw new OsiError('KEY_FILE_GROUP_EXISTS', `${target.name} has a group [${group}] already`, {
      hint: 'use --replace to replace it, or another --group',
      fields: { path: target.path, group },
    });
  }
  return exists;
}
