import { escapeControls } from '@osi-linux/core';
import { isGroupName } from '@osi-linux/kconf';
import { Command, CommanderError } from 'commander';
import { ExitCode } from '../terminal/exit-code';
import type { Io } from '../terminal/io';
import { version } from '../terminal/version';
import { type ImportOptions, importLog } from './import-log';
import type { Input } from './input';

const EXAMPLES = `
LOG is what the kernel module printed: the output of dmesg and its options,
journalctl -k and its formats, a syslog file or a capture of the serial console.
Without LOG, or with -, it is read from standard input. Of several blocks in it
the last whole one is taken.

The key file keeps every other byte. It is replaced in one step: a run that is
killed, or finds no space, leaves it as it was. Runs at the same time wait for
each other.

Exit codes: 0 done, 1 the log or the file is bad and nothing was written,
2 wrong usage.

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
    if (!(error instanceof CommanderError)) throw error;
    io.exitCode = error.exitCode === 0 ? ExitCode.Complete : ExitCode.Usage;
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
    .option('--dry-run', 'write nothing, print a diff of what would change')
    .option('--allow-incomplete', 'also take a section that merely lacks keys')
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(kconf-import --help tells all options)')
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
    .exitOverride();
}
