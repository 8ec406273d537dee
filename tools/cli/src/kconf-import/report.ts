import { styleText } from 'node:util';
import { escapeControls } from '@osi-linux/core';
import type { Io } from '../terminal/io';
import type { ImportIssue } from './import-issue';
import type { ImportedSection } from './section';

/** The action on a section. */
export type Action = 'added' | 'replaced' | 'dry-run' | 'printed' | 'refused';

const COLOURS = { error: 'red', incomplete: 'yellow', warning: 'cyan' } as const;

/** Prints a finding as `dmesg.log:12: warning: ...`, its hint on a line of its own. */
export function printIssue(io: Io, file: string, { severity, line, message, hint }: ImportIssue): void {
  const place = line === null ? file : `${file}:${line}`;
  const word = io.colour ? styleText(COLOURS[severity], severity, { validateStream: false }) : severity;
  io.err(`${escapeControls(place)}: ${word}: ${escapeControls(message)}\n`);
  if (hint !== null) io.err(`  hint: ${escapeControls(hint)}\n`);
}

/** Prints a section or a diff: to a terminal with its control characters escaped, else as it is. */
export function printText(io: Io, text: string): void {
  io.out(io.columns === undefined ? text : text.split('\n').map(escapeControls).join('\n'));
}

/** The answer of `--json`. */
export interface Answer {
  readonly group: string;
  readonly log: string;
  readonly output: string;
  readonly action: Action;
  readonly section: ImportedSection;
  readonly findings: readonly ImportIssue[];
  readonly diff: string | null;
}

/** Prints the one JSON object that `--json` asks for; it has every field always, in this order. */
export function printJson(io: Io, answer: Answer): void {
  const { group, log, output, action, section, findings, diff } = answer;
  const { keys, block = null, text } = section;
  const object = {
    group,
    log,
    output,
    action,
    keys,
    block,
    findings,
    section: block === null ? null : text,
    diff,
  };
  io.out(`${JSON.stringify(object, null, 2)}\n`);
}
