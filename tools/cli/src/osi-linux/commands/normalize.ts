import { OsiError } from '@osi-linux/core';

interface ListKind {
  readonly name: string;
  readonly head: RegExp;
  readonly mark: string;
  readonly parse: (line: string) => string | undefined;
}

const KINDS: readonly ListKind[] = [
  { name: 'process list', head: /\((\d+) procs\)/, mark: '*', parse: parseProcess },
  { name: 'library list', head: /\((\d+) libs\)/, mark: '%', parse: parseLibrary },
];

/**
 * Brings the output of osi_test, PANDA's or this project's, into a form in which two runs can be compared. Corresponds to
 * PANDA's `osi_test_normalize.py`, and prints the same if that does not fail.
 *
 * Each list of processes or libraries stands between two rules with its number, a row a line: name, pid and ppid, or
 * base, size, name and file, with one blank between. Names may hold blanks, and rows may repeat.
 *
 * @throws OsiError `OSI_TEST_MALFORMED` where a list has fewer rows than it announces.
 */
export function normalizeOsiTest(text: string): string {
  const lines = text.split('\n');
  const printed: string[] = [];
  const counts = new Map<ListKind, number>();
  for (let at = 0; at < lines.length; ) {
    const kind = KINDS.find(({ head }) => head.test(lines[at] ?? ''));
    if (kind === undefined) {
      at += 1;
      continue;
    }
    const index = counts.get(kind) ?? 0;
    counts.set(kind, index + 1);
    const wanted = Number(kind.head.exec(lines[at] ?? '')?.[1]);
    const found = readList(lines, at + 1, wanted, kind);
    if (found.rows.length < wanted)
      throw malformed(kind, index, { line: at + 1, wanted, found: found.rows.length });
    const rule = `${kind.mark.repeat(3)}${String(index).padStart(4, '0')}${kind.mark.repeat(33)}`;
    for (const row of [rule, ...found.rows, rule]) printed.push(`${row}\n`);
    at = found.next;
  }
  return printed.join('');
}

/** A name is of at most 15 bytes, so that newlines in it add at most as many lines to a row. */
const ROW_LINES = 16;

function readList(
  lines: readonly string[],
  start: number,
  wanted: number,
  { parse }: ListKind,
): { rows: string[]; next: number } {
  const rows: string[] = [];
  let at = start;
  while (rows.length < wanted) {
    const found = readRow(lines, at, parse);
    if (found === undefined) break;
    rows.push(found.row);
    at = found.next;
  }
  return { rows, next: at };
}

function readRow(
  lines: readonly string[],
  at: number,
  parse: ListKind['parse'],
): { row: string; next: number } | undefined {
  for (let end = at + 1; end <= Math.min(lines.length, at + ROW_LINES); end += 1) {
    const row = parse(lines.slice(at, end).join('\n'));
    if (row !== undefined) return { row, next: end };
  }
  return undefined;
}

/** The padding of a name; blanks at the end of the name itself look the same. */
const PADDING = / +$/;

function parseProcess(line: string): string | undefined {
  const [, name, pid, ppid] = /^ {2}([\s\S]*)\t(\d+)\t(\d+)\r?$/.exec(line) ?? [];
  return name === undefined ? undefined : `${name.replace(PADDING, '')} ${Number(pid)} ${Number(ppid)}`;
}

const NAME_WIDTH = 24;

function parseLibrary(line: string): string | undefined {
  const [, base, size, rest] = /^\t(0x[0-9a-f]+)\t(-?\d+)\t([^\n]*?)\r?$/.exec(line) ?? [];
  const names = rest === undefined ? undefined : splitNames(rest);
  return names === undefined ? undefined : `${base} ${Number(size)} ${names.name} ${names.file}`;
}

/** `NAME FILE`, the name filled up to 24 bytes: the blank between is where the file ends with the name. */
function splitNames(text: string): { name: string; file: string } | undefined {
  const bytes = Buffer.from(text);
  const cut = (at: number) => ({
    name: bytes.subarray(0, at).toString().replace(PADDING, ''),
    file: bytes.subarray(at + 1).toString(),
  });
  const places = [...bytes.keys()].filter((at) => at >= NAME_WIDTH && bytes[at] === 0x20);
  const fitting = places.map(cut).find(({ name, file }) => file === '(null)' || file.endsWith(`/${name}`));
  if (fitting !== undefined) return fitting;
  return places[0] === undefined ? undefined : cut(places[0]);
}

function malformed(
  { name }: ListKind,
  index: number,
  { line, wanted, found }: { line: number; wanted: number; found: number },
): OsiError {
  return new OsiError(
    'OSI_TEST_MALFORMED',
    `line ${line}: ${name} ${index} announces ${wanted} rows, but ${found} follow`,
    {
      hint: 'give the whole output of osi_test, and nothing else',
      fields: { line, wanted, found },
    },
  );
}
