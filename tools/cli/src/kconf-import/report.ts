import { styleText } from 'node:util';
import { escapeControls } from '@osi-linux/core';
import type { Io } from '../terminal/io';
import type { Finding, ImportedSection } from './section';

/** What was done with a section. */
export type Action = 'added' | 'replaced' | 'dry-run' | 'printed' | 'refused';

const COLOURS = { error: 'red', incomplete: 'yellow', warning: 'cyan' } as const;

/** Prints a finding as `dmesg.log:12: warning: ...`, its hint on a line of its own. */
export function printFinding(io: Io, file: string, { severity, line, message, hint }: Finding): void {
  const place = line === null ? file : `${file}:${line}`;
  const word = io.colour ? styleText(COLOURS[severity], severity, { validateStream: false }) : severity;
  io.err(`${escapeControls(place)}: ${word}: ${escapeControls(message)}\n`);
  if (hint !== undefined) io.err(`  hint: ${escapeControls(hint)}\n`);
}

/** Prints the one JSON object that `--json` asks for. */
export function printJson(
  io: Io,
  answer: {
    group: string;
    output: string;
    action: Action;
    section: ImportedSection;
    findings: readonly Finding[];
  },
): void {
  const { group, output, action, section } = answer;
  const findings = answer.findings.map(({ severity, line, key, message }) => ({
    severity,
    line,
    key,
    message,
  }));
  const shown = action === 'dry-run' || action === 'printed' ? { section: section.text } : {};
  io.out(`${JSON.stringify({ group, output, action, keys: section.keys, findings, ...shown }, null, 2)}\n`);
}

/** `2 errors, 1 key or line missing, 3 warnings`. */
export function countFindings(findings: readonly Finding[]): string {
  const count = (severity: Finding['severity']): number =>
    findings.filter((each) => each.severity === severity).length;
  const [errors, missing] = [count('error'), count('incomplete')];
  const parts = [
    errors > 0 ? `${errors} ${errors === 1 ? 'error' : 'errors'}` : '',
    missing > 0 ? `${missing} ${missing === 1 ? 'thing' : 'things'} missing` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}
