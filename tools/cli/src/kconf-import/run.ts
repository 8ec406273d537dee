import { escapeControls, escapeLines } from '@osi-linux/core';
import { isGroupName } from '@osi-linux/kconf';
import { Command, CommanderError } from 'commander';
import { ExitCode } from '../terminal/exit-code';
import type { Io } from '../terminal/io';
import { version } from '../terminal/version';
import { type ImportOptions, importLog } from './import-log';
import type { Input } from './input';

const EXAMPLES = `
LOG is a kernel log with the output of the kernelinfo module: from dmesg or
journalctl -k with any options, a syslog file, or a capture of the serial
console. Without LOG, or with -, the log is read from standard input. If the log
has several KERNELINFO blocks, the last complete one is imported.

The rest of the key file stays unchanged, byte for byte. The file is replaced in
one step: if the command is killed or the disk is full, the old file remains.
Concurrent runs wait for each other.

Exit codes: 0 done, 1 bad log or key file (nothing was written), 2 wrong usage.

Examples:
  dmesg | kconf-import --group my_kernel_info
  kconf-import dmesg.log --group my_kernel_info --output kernelinfo.conf
  kconf-import dmesg.log --group my_kernel_info --replace --dry-run
  kconf-import dmesg.log --group my_kernel_info --replace
  kconf-import dmesg.log --group my_kernel_info --json
  kconf-import dmesg.log --group my_kernel_info --output - > my.conf`;

/** Runs `kconf-import` with the words behind its name; the exit code is left in `io.exitCode`. */
export async function run(argv: readonly string[], io: Io, input: Input): Promise<void> {
  const program = createProgram(io);
  program.action(async (log: string | undefined, options: ImportOptions) => {
    if (!isGroupName(options.group)) {
      program.error(
        `error: not a group name: "${escapeControls(options.group)}"; expected at least one character, without brackets and control characters`,
      );
    }
    if (log === undefined && input.isTerminal) {
      program.outputHelp({ error: true });
      program.error('\nerror: no LOG was given, and standard input is a terminal');
    }
    io.exitCode = await importLog(log ?? '-', options, io, input);
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    io.exitCode = error.exitCode === 0 ? ExitCode.Complete : ExitCode.Usage;
  }
}

function createProgram(io: Io): Command {
  return new Command('kconf-import')
    .description('Import the KERNELINFO block of a kernel log into kernelinfo.conf, as a new group.')
    .version(version)
    .argument('[LOG]', 'the kernel log; - for standard input')
    .requiredOption('--group <NAME>', 'name of the group, such as my_kernel_info')
    .option(
      '--output <FILE>',
      'key file to add the group to, created if absent; - for standard output',
      'kernelinfo.conf',
    )
    .option('--replace', 'replace the group if the file already has it')
    .option('--dry-run', 'write nothing; print the changes as a diff')
    .option('--allow-incomplete', 'accept a section that lacks keys, with a warning')
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(run kconf-import --help to list all options)')
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(escapeLines(text)) })
    .exitOverride();
}
