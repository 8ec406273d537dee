import type { KeyFileGroup } from '../../key-file/key-file';
import { findSchemaRow, KERNELINFO_SCHEMA } from '../../schema/schema';
import { checkAddresses } from './address-checks';
import { checkIdentity } from './identity-checks';
import { checkLayout } from './layout-checks';
import type { ReadSection } from './read-section';

/** Looks for missing keys and for values that cannot be true together. */
export function checkKernelInfo(section: ReadSection): void {
  checkRequired(section);
  checkIdentity(section);
  checkLayout(section);
  checkAddresses(section);
  checkTwins(section);
}

function checkRequired({ group, values, wrong, generation, issues }: ReadSection): void {
  const written = new Set(group.entries.map(({ key }) => key));
  const reasons = readReasons(group);
  for (const { key, requiredIn, aliases = [] } of KERNELINFO_SCHEMA) {
    if (requiredIn?.includes(generation) !== true || values.has(key) || wrong.has(key)) continue;
    const empty = [key, ...aliases].some((name) => written.has(name));
    const reason = reasons.get(key);
    const state = empty ? 'has no value' : 'is missing';
    const older = generation === 'panda1' && aliases[0] !== undefined ? ` (PANDA 1: ${aliases[0]})` : '';
    const because = reason === undefined ? '' : `: ${reason.text}`;
    issues.add({
      severity: 'incomplete',
      line: reason?.line ?? group.line,
      key,
      message: `required key ${key}${older} ${state}${because}`,
    });
  }
}

/**
 * The kernel module writes a comment with the reason for a value that it could not find:
 * `# KEY = missing: REASON`.
 */
function readReasons(group: KeyFileGroup): Map<string, { readonly text: string; readonly line: number }> {
  const reasons = new Map<string, { text: string; line: number }>();
  for (const { text, line } of group.comments) {
    const [, key, reason] = /^\s*#\s*([\w.]+)\s*=\s*missing: (.*)$/.exec(text) ?? [];
    if (key !== undefined && reason !== undefined) reasons.set(key, { text: reason, line });
  }
  return reasons;
}

/** Extractors print each address a second time as a comment in hex, with or without 0x. */
function checkTwins({ group, values, issues }: ReadSection): void {
  for (const { text, line } of group.comments) {
    const [, key = '', digits = ''] =
      /^\s*#\s*([\w.]+)\s*=\s*(?:0[xX])?([0-9a-fA-F]{1,16})\s*$/.exec(text) ?? [];
    const typed = values.get(key);
    if (typed === undefined || typeof typed.value !== 'bigint') continue;
    const twin = BigInt(`0x${digits}`);
    if (twin === typed.value) continue;
    const told = `0x${typed.value.toString(16)} in line ${typed.entry.line}`;
    issues.add({
      severity: findSchemaRow(key)?.handWritten ? 'warning' : 'error',
      line,
      key,
      message: `the comment gives ${key} as 0x${twin.toString(16)}, but its value is ${told}`,
      hint: 'both come from one value: a line is damaged, or was edited',
    });
  }
}
