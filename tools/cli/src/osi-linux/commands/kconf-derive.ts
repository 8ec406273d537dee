import { escapeControls, formatFinding, OsiError } from '@osi-linux/core';
import { type DerivedSection, deriveSection } from '@osi-linux/guest';
import { isGroupName } from '@osi-linux/kconf';
import type { Command } from 'commander';
import type { ImportOptions, StoreOutcome } from '../../kconf-import/import-log';
import type { ImportedSection } from '../../kconf-import/section';
import { resolveSettings, type Settings } from '../../settings/settings';
import { ExitCode } from '../../terminal/exit-code';
import type { Io } from '../../terminal/io';
import { askSourceDump, isLiveOrRemote } from '../source';

/** Adds `kconf derive`: the section of a guest's kernel by its own types and symbols, put into a key file. */
export function addDerive(kconf: Command, attempt: Attempt, io: Io): void {
  const command = kconf
    .command('derive')
    .description('add a section made from the types and symbols of a guest or a kernel file')
    .argument('<SOURCE>', "a dump of the guest's memory, a live guest, or a kernel file")
    .requiredOption('--group <NAME>', 'name of the group, such as my_kernel_info')
    .option('--symbols <FILE>', 'symbols for a kernel file: a System.map, /proc/kallsyms or a vmlinux')
    .option('--banner <TEXT>', "text of the guest's /proc/version, for a kernel file without a banner")
    .option(
      '--output <FILE>',
      'key file to add the section to, created if absent; - for standard output',
      'kernelinfo.conf',
    )
    .option('--replace', 'replace the group if the file already has it')
    .option('--dry-run', 'write nothing; print the changes as a diff')
    .option('--allow-incomplete', 'accept a section that lacks keys')
    .option('--json', 'print one JSON object')
    .addHelpText('after', HELP);
  command.action((source: string, options: DeriveOptions) => {
    if (!isGroupName(options.group)) {
      command.error(
        `error: not a group name: "${escapeControls(options.group)}"; expected at least one character, without brackets and control characters`,
      );
    }
    return attempt(() => derive(source, options, io));
  });
}

const HELP = `
A kernel file is recognised by its content. It may be compressed with gzip, zstd or xz:
  vmlinuz                   has types and symbols, if the kernel has BTF and kallsyms
  vmlinux                   the same; if it has a symbol table, its symbols come from there
  /sys/kernel/btf/vmlinux   has types; needs --symbols and --banner
  FILE.json                 symbols for Volatility 3, as dwarf2json writes them
A section from a kernel file lacks the values that differ from boot to boot: osi-linux reads them from the dump.

Examples:
  osi-linux kconf derive dump.elf --group my_kernel_info
  osi-linux kconf derive /boot/vmlinuz-6.1.0-37-amd64 --group my_kernel_info
  osi-linux kconf derive /sys/kernel/btf/vmlinux --symbols /proc/kallsyms --banner "$(cat /proc/version)" --group mine`;

/** A comment in the section with the facts that readers of the file need, PANDA's users above all. */
const OF_FILE =
  "# of the kernel's files: without what each boot decides; task.per_cpu_offset_0_addr is 0, since PANDA wants one";

interface DeriveOptions extends ImportOptions {
  readonly symbols?: string;
  readonly banner?: string;
}

type Attempt = (run: () => Promise<ExitCode>) => Promise<void>;

async function derive(source: string, options: DeriveOptions, io: Io): Promise<ExitCode> {
  const { printIssue, printText, sectionOfLines, storeSection } = await import('.');
  const settings = resolveSettings({ json: options.json }, io.environment);
  const ofFile = await deriveOfFile(source, options, settings, io);
  const derived = ofFile ?? (await deriveOfGuest(source, options, settings, io));
  const section =
    ofFile === undefined
      ? sectionOfLines(derived.lines, options.group)
      : sectionOfLines([OF_FILE, ...derived.lines], options.group, 'file');
  for (const finding of section.findings) printIssue(io, source, finding);
  const outcome = await storeSection(section, options, io);
  if (options.json === true) printJson(io, source, options, { derived, section, outcome });
  else if (outcome.action === 'printed') printText(io, section.text);
  else if (outcome.diff !== undefined) printText(io, outcome.diff);
  return outcome.action === 'refused' ? ExitCode.Incomplete : ExitCode.Complete;
}

/** `undefined` if the source is a guest: its memory, or itself. */
async function deriveOfFile(
  source: string,
  { symbols, banner }: DeriveOptions,
  settings: Settings,
  io: Io,
): Promise<DerivedSection | undefined> {
  if (isLiveOrRemote(source, settings)) return undefined;
  const { deriveKernelFile } = await import('#kernel-file');
  return deriveKernelFile({ source, symbols, banner }, io);
}

/** Of a guest's memory, which needs no other file. */
async function deriveOfGuest(
  source: string,
  { symbols, banner }: DeriveOptions,
  settings: Settings,
  io: Io,
): Promise<DerivedSection> {
  if (symbols === undefined && banner === undefined)
    return (await askSourceDump(source, settings, io, deriveSection)).answer;
  throw new OsiError(
    'KERNEL_FILE_UNSUPPORTED',
    `${source} is a guest: --symbols and --banner apply only to kernel files`,
    {
      hint: 'leave them out: the memory of a guest contains its banner and symbols',
      fields: { source },
    },
  );
}

interface Derived {
  readonly derived: DerivedSection;
  readonly section: ImportedSection;
  readonly outcome: StoreOutcome;
}

/** One JSON object, that always has every field. */
function printJson(
  io: Io,
  source: string,
  { group, output }: ImportOptions,
  { derived, section, outcome }: Derived,
): void {
  const { action, findings, diff = null } = outcome;
  const { missing } = derived;
  const evidence = derived.findings.map(formatFinding);
  const { keys, text } = section;
  const object = { group, source, output, action, keys, missing, evidence, findings, section: text, diff };
  io.out(`${JSON.stringify(object, null, 2)}\n`);
}
