import { escapeControls } from '@osi-linux/core';
import { type DerivedSection, deriveSection } from '@osi-linux/guest';
import { isGroupName } from '@osi-linux/kconf';
import type { Command } from 'commander';
import { type ImportOptions, type StoreOutcome, storeSection } from '../../kconf-import/import-log';
import { printDiff, printFinding } from '../../kconf-import/report';
import { type ImportedSection, sectionOfLines } from '../../kconf-import/section';
import { resolveSettings } from '../../settings/settings';
import { ExitCode } from '../../terminal/exit-code';
import type { Io } from '../../terminal/io';
import { askSourceDump } from '../source';

/** Adds `kconf derive`: the section of a guest's kernel by its own types and symbols, put into a key file. */
export function addDerive(kconf: Command, attempt: Attempt, io: Io): void {
  const command = kconf
    .command('derive')
    .description("add the section that a guest's own types and symbols tell")
    .argument('<SOURCE>', "a dump of the guest's memory, or a live guest")
    .requiredOption('--group <NAME>', 'name of the group, such as my_kernel_info')
    .option('--output <FILE>', 'key file to add to, made if absent; - for standard output', 'kernelinfo.conf')
    .option('--replace', 'replace the group if the file has it already')
    .option('--dry-run', 'write nothing, print a diff of what would change')
    .option('--allow-incomplete', 'also take a section that lacks keys')
    .option('--json', 'print one JSON object');
  command.action((source: string, options: ImportOptions) => {
    if (!isGroupName(options.group)) {
      command.error(
        `error: GLib cannot hold a group of the name "${escapeControls(options.group)}": expected at least one character, no brackets and no control characters`,
      );
    }
    return attempt(() => derive(source, options, io));
  });
}

type Attempt = (run: () => Promise<ExitCode>) => Promise<void>;

async function derive(source: string, options: ImportOptions, io: Io): Promise<ExitCode> {
  const settings = resolveSettings({ json: options.json }, io.environment);
  const { answer: derived } = await askSourceDump(source, settings, io, deriveSection);
  const section = sectionOfLines(derived.lines, options.group);
  for (const finding of section.findings) printFinding(io, source, finding);
  const outcome = await storeSection(section, options, io);
  if (options.json === true) printJson(io, source, options, { derived, section, outcome });
  else if (outcome.action === 'printed') io.out(section.text);
  else if (outcome.diff !== undefined) printDiff(io, outcome.diff);
  return outcome.action === 'refused' ? ExitCode.Incomplete : ExitCode.Complete;
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
  const { missing, findings: evidence } = derived;
  const { keys, text } = section;
  const object = { group, source, output, action, keys, missing, evidence, findings, section: text, diff };
  io.out(`${JSON.stringify(object, null, 2)}\n`);
}
