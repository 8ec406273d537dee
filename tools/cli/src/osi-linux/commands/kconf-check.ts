import {
  findKaslrSlide,
  type KconfIssue,
  type KernelInfo,
  type KeyFileGroup,
  safeParseKernelInfo,
} from '@osi-linux/kconf';
import { type JsonRow, jsonAddress } from '../../output/json-value';
import { cellText } from '../../output/print-rows';
import { groupOf, type OpenKeyFile } from './kconf-file';

/** More findings than anybody reads; without an end to them, a hostile file would fill memory. */
const FINDING_LIMIT = 100_000;

/** The findings of `osi-linux kconf check`. */
export interface CheckedFile {
  /** One row a finding, in the order of the lines. */
  readonly rows: readonly JsonRow[];
  /** How many of them are an `error` or `incomplete`. */
  readonly faults: number;
}

/**
 * Gathers the findings of a whole file, or of one group and what rejects the file. `strict` is PANDA's view.
 *
 * @throws OsiError `KEY_FILE_GROUP_UNKNOWN`.
 */
export function checkGroups(keyFile: OpenKeyFile, name: string | undefined, strict: boolean): CheckedFile {
  const one = name === undefined ? undefined : groupOf(keyFile, name);
  const mode = strict ? 'strict' : 'default';
  const ofFile = keyFile.issues
    .filter((issue) => issue.severity === 'error' || (!strict && isWithin(issue, one, keyFile)))
    .map((issue) => findingRow(issue, null));
  const rows = ofFile.slice();
  for (const group of one === undefined ? keyFile.file.groups : [one]) {
    if (rows.length >= FINDING_LIMIT) {
      rows.push(cutOff(group));
      break;
    }
    const { info, issues } = safeParseKernelInfo(group, { mode });
    rows.push(...issues.map((issue) => findingRow(issue, group.name)));
    if (!strict) rows.push(...slideNote(info, group));
  }
  rows.sort((a, b) => Number(a['line']) - Number(b['line']));
  const faults = rows.filter(({ severity }) => severity === 'error' || severity === 'incomplete').length;
  return { rows, faults };
}

/** Whether a finding about a line of the file is one about a group, or about any where none is named. */
function isWithin({ line }: KconfIssue, group: KeyFileGroup | undefined, { file }: OpenKeyFile): boolean {
  if (group === undefined || group.entries.some((entry) => entry.line === line)) return true;
  const next = file.groups.find((other) => other.line > group.line)?.line ?? Number.POSITIVE_INFINITY;
  return line >= group.line && line < next;
}

/** The findings for people: `kernelinfo.conf:12: error: [g] ...`, what to do about it on a line of its own. */
export function formatFindings(rows: readonly JsonRow[], path: string): string {
  return rows
    .map(({ line, severity, group, message, hint }) => {
      const where = group === null ? '' : `[${group}] `;
      const finding = cellText(`${path}:${line}: ${severity}: ${where}${message}`);
      return hint === null ? `${finding}\n` : `${finding}\n  hint: ${cellText(String(hint))}\n`;
    })
    .join('');
}

function findingRow({ line, severity, key, message, hint }: KconfIssue, group: string | null): JsonRow {
  return { line, severity, group, key: key ?? null, message, hint: hint ?? null };
}

function cutOff({ line }: KeyFileGroup): JsonRow {
  const message = `more than ${FINDING_LIMIT} findings: the groups from this line on are not checked`;
  return { line, severity: 'error', group: null, key: null, message, hint: 'name one group to check' };
}

/**
 * In a section of this project's module, slid addresses are as they should be: the keys that find the kernel
 * again are beside them. That is worth a note, and is not a fault; in a section of PANDA's extractors the
 * check itself warns.
 */
function slideNote(info: KernelInfo, group: KeyFileGroup): JsonRow[] {
  const slide = info['kernel.swapper_pg_dir_addr'] === undefined ? undefined : findKaslrSlide(info);
  if (slide === undefined) return [];
  const line = group.entries.find(({ key }) => key === slide.key)?.line ?? group.line;
  const message = `${slide.key} is ${jsonAddress(slide.address)}: KASLR had moved this kernel`;
  const hint = 'the addresses are those of one boot; another boot has different ones';
  return [{ line, severity: 'note', group: group.name, key: slide.key, message, hint }];
}
