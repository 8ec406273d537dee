import { decodeText, escapeControls, OsiError } from '@osi-linux/core';
import { findGroup, insertGroup, replaceGroup, safeParseKeyFile } from '@osi-linux/kconf';
import { printError } from '../terminal/diagnostics';
import { ExitCode } from '../terminal/exit-code';
import type { Io } from '../terminal/io';
import { groupExists } from './existing-group';
import { countIssues, type ImportIssue, issueOfError } from './import-issue';
import { type Input, isStandardInput, readInput } from './input';
import { readWholeFile } from './input-file';
import { type Action, printIssue, printJson, printText } from './report';
import { emptySection, type ImportedSection, readSection } from './section';
import { changeTarget, readTarget, type TargetFile } from './target-file';
import { unifiedDiff } from './unified-diff';

/** The options of `kconf-import`. */
export interface ImportOptions {
  readonly group: string;
  readonly output: string;
  readonly replace?: boolean;
  readonly dryRun?: boolean;
  readonly allowIncomplete?: boolean;
  readonly json?: boolean;
}

/** The result for a section. */
export interface StoreOutcome {
  readonly action: Action;
  readonly findings: readonly ImportIssue[];
  readonly diff?: string;
}

/** Imports a log, `-` being standard input, and prints the findings and the changes. */
export async function importLog(
  log: string,
  options: ImportOptions,
  io: Io,
  input: Input,
): Promise<ExitCode> {
  const section = await readLog(log, options.group, io, input);
  const { action, findings, diff = null } = await storeSection(section, options, io);
  if (options.json === true) {
    const { group, output } = options;
    printJson(io, { group, log: nameOf(log), output, action, section, findings, diff });
  } else if (action === 'printed') printText(io, section.text);
  else if (diff !== null) printText(io, diff);
  return action === 'refused' ? ExitCode.Incomplete : ExitCode.Complete;
}

function nameOf(log: string): string {
  return isStandardInput(log) ? 'standard input' : log;
}

/** The section of the log; a log that cannot be read is an error that is printed with its causes. */
async function readLog(log: string, group: string, io: Io, input: Input): Promise<ImportedSection> {
  try {
    const section = readSection(isStandardInput(log) ? await readInput(input) : readWholeFile(log), group);
    for (const finding of section.findings) printIssue(io, nameOf(log), finding);
    return section;
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    printError(io, error);
    return emptySection(error);
  }
}

/** Puts a section where the options say, unless something is wrong with it; findings of the section are printed already. */
export async function storeSection(
  section: ImportedSection,
  options: ImportOptions,
  io: Io,
): Promise<StoreOutcome> {
  const { findings } = section;
  const wrong = findings.some(({ severity }) => severity === 'error');
  const lacking = findings.some(({ severity }) => severity === 'incomplete');
  if (wrong || (lacking && options.allowIncomplete !== true)) {
    const remedy = wrong ? '' : '; use --allow-incomplete to import it anyway';
    const what = `${countIssues(findings)} in the section [${escapeControls(options.group)}]`;
    io.err(`refused: ${what}${remedy}\n`);
    return { action: 'refused', findings };
  }
  if (lacking) io.err(`warning: importing the section with ${countIssues(findings)}\n`);
  if (options.output === '-') return { action: 'printed', findings };
  try {
    const stored = await addToFile(section, options, io);
    return { ...stored, findings: [...findings, ...stored.findings] };
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    printError(io, error);
    return { action: 'refused', findings: [...findings, issueOfError(error, 'output')] };
  }
}

/** The new state of the key file. */
interface Plan {
  readonly bytes: Uint8Array;
  readonly replaces: boolean;
  readonly findings: readonly ImportIssue[];
}

async function addToFile(section: ImportedSection, options: ImportOptions, io: Io): Promise<StoreOutcome> {
  const before = readTarget(options.output);
  // Before anything is claimed: a target that must be refused is refused for its own reason.
  let plan = makePlan(before, section, options);
  const isDry = options.dryRun === true;
  let durable = true;
  if (!isDry) {
    durable = await changeTarget(options.output, (target) => {
      plan = makePlan(target, section, options);
      return plan.bytes;
    });
  }
  for (const finding of plan.findings) printIssue(io, options.output, finding);
  const findings = durable ? plan.findings : [...plan.findings, notDurable()];
  for (const finding of findings.slice(plan.findings.length)) printIssue(io, options.output, finding);
  printDone(section, options, plan.replaces, io);
  if (!isDry) return { action: plan.replaces ? 'replaced' : 'added', findings };
  const diff = await unifiedDiff(options.output, decodeText(before.bytes), decodeText(plan.bytes));
  return { action: 'dry-run', findings, diff };
}

function makePlan(target: TargetFile, section: ImportedSection, { group, replace }: ImportOptions): Plan {
  const { file, issues } = safeParseKeyFile(target.bytes);
  const existing = findGroup(file, group);
  if (existing !== undefined && replace !== true) throw groupExists(target.name, existing, section);
  const text = { name: group, lines: section.lines };
  const bytes = existing === undefined ? insertGroup(target.bytes, text) : replaceGroup(target.bytes, text);
  const findings = issues.flatMap(({ severity, line, message, hint }): ImportIssue[] => {
    if (severity !== 'error') return [];
    const rejected = `GLib rejects the file because of this line: ${message}`;
    const about = { severity: 'warning', file: 'output', line, key: null, code: null } as const;
    return [{ ...about, message: rejected, hint: hint ?? null }];
  });
  return { bytes, replaces: existing !== undefined, findings };
}

function printDone(
  { keys }: ImportedSection,
  { group, output, dryRun, json }: ImportOptions,
  replaces: boolean,
  io: Io,
): void {
  const what = `[${escapeControls(group)}]`;
  const where = `${escapeControls(output)}: ${keys} ${keys === 1 ? 'key' : 'keys'}`;
  if (dryRun === true) {
    io.err(replaces ? `would replace ${what} in ${where}\n` : `would add ${what} to ${where}\n`);
    return;
  }
  const done = replaces ? `replaced ${what} in ${where}\n` : `added ${what} to ${where}\n`;
  if (json === true) io.err(done);
  else io.out(done);
}

function notDurable(): ImportIssue {
  const message =
    'the file was written, but its folder could not be synced: a power failure could undo the change';
  return { severity: 'warning', file: 'output', line: null, key: null, code: null, message, hint: null };
}
