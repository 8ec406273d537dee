import { formatAddress, formatHex } from '@osi-linux/core';
import type { GuestTruth } from './guest-truth';
import type { TruthRecord, TruthRecordKind } from './truth-records';
import { TruthTree } from './truth-tree';

const BYTES: ReadonlySet<string> = new Set(['comm', 'cmdline']);
const WORDS: ReadonlySet<string> = new Set(['task', 'startTime', 'pgd', 'pgdPhysical']);

/**
 * The tree as JSON: each distinct text once, and by folder and name the place of the text. A text begins with the
 * letter of its kind; a small letter means that its bytes, which are not UTF-8, are written as hex digits.
 */
interface TreeJson {
  readonly texts: readonly string[];
  readonly folders: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const LETTERS = { file: 'F', link: 'L', error: 'E', list: 'D' } as const;

/**
 * Prints a truth as JSON: bytes as hex digits, addresses as hex with `0x`, elements of lists on a line each.
 *
 * @example
 * ```ts
 * JSON.parse(formatGuestTruth({ processes: [], unsettled: [7], tasks: [], cpus: [] })).unsettled // => [7]
 * ```
 */
export function formatGuestTruth({ tree, ...truth }: GuestTruth): string {
  const parts = Object.entries(truth).map(([name, rows]) => `${JSON.stringify(name)}: ${lines(rows)}`);
  if (tree !== undefined) {
    const { texts, folders } = treeJson(tree);
    const rows = Object.entries(folders).map(
      ([folder, names]) => `${JSON.stringify(folder)}:${JSON.stringify(names)}`,
    );
    parts.push(`"tree": {"texts": ${lines(texts)}, "folders": {\n${rows.join(',\n')}\n}}`);
  }
  return `{${parts.join(',\n')}}`;
}

function lines(rows: readonly unknown[]): string {
  return `[\n${rows.map((row) => JSON.stringify(row, formatValue)).join(',\n')}\n]`;
}

function formatValue(key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return key === 'startTime' ? Number(value) : formatAddress(value);
  return value instanceof Uint8Array ? formatHex(value) : value;
}

function treeJson(tree: TruthTree): TreeJson {
  const places = new Map<string, number>();
  const folders: Record<string, Record<string, number>> = {};
  for (const record of tree.records) {
    const cut = record.path.lastIndexOf('/');
    const text = recordText(record);
    const place = places.get(text) ?? places.size;
    places.set(text, place);
    const folder = record.path.slice(0, cut);
    folders[folder] = { ...folders[folder], [record.path.slice(cut + 1)]: place };
  }
  return { texts: [...places.keys()], folders };
}

function recordText({ kind, bytes }: TruthRecord): string {
  const text = Buffer.from(bytes).toString();
  return Buffer.from(text).equals(bytes)
    ? LETTERS[kind] + text
    : LETTERS[kind].toLowerCase() + formatHex(bytes);
}

/**
 * Reads a truth that {@link formatGuestTruth} printed, as recorded guests keep it.
 *
 * @example
 * ```ts
 * readTruthJson('{"processes": [], "unsettled": [7], "tasks": [], "cpus": []}').unsettled // => [7]
 * ```
 */
export function readTruthJson(text: string): GuestTruth {
  const { tree, ...truth } = JSON.parse(text) as Omit<GuestTruth, 'tree'> & { tree?: TreeJson };
  const revived = JSON.parse(JSON.stringify(truth), (key, value: unknown) => {
    if (BYTES.has(key)) return new Uint8Array(Buffer.from(String(value), 'hex'));
    return WORDS.has(key) && value !== null ? BigInt(value as string | number) : value;
  }) as GuestTruth;
  return tree === undefined ? revived : { ...revived, tree: readTree(tree) };
}

function readTree({ texts, folders }: TreeJson): TruthTree {
  const records = Object.entries(folders).flatMap(([folder, names]) =>
    Object.entries(names).map(([name, place]) => readRecord(`${folder}/${name}`, texts[place] ?? '')),
  );
  return new TruthTree(records);
}

function readRecord(path: string, text: string): TruthRecord {
  const [letter = '', rest] = [text[0], text.slice(1)];
  const [kind] = Object.entries(LETTERS).find(([, known]) => known === letter.toUpperCase()) ?? ['error'];
  const bytes = Buffer.from(rest, letter === letter.toUpperCase() ? 'utf8' : 'hex');
  return { kind: kind as TruthRecordKind, path, bytes: new Uint8Array(bytes) };
}
