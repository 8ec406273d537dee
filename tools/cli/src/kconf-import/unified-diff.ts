const CONTEXT = 3;
/** Above this many pairs of lines the parts that differ are shown whole. */
const PAIR_LIMIT = 4_000_000;

interface Line {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

/** What changes between two texts, in the unified form that `patch` reads; empty where nothing does. */
export function unifiedDiff(name: string, before: string, after: string): string {
  const lines = compare(splitLines(before), splitLines(after));
  const hunks = formatHunks(lines);
  if (hunks === '') return '';
  return `--- ${before === '' ? '/dev/null' : name}\n+++ ${name}\n${hunks}`;
}

/** The lines with their line feeds; a last line without one keeps that. */
function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function compare(before: readonly string[], after: readonly string[]): Line[] {
  let head = 0;
  const shorter = Math.min(before.length, after.length);
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before[before.length - 1 - tail] === after[after.length - 1 - tail])
    tail += 1;
  return [
    ...mark(' ', before.slice(0, head)),
    ...compareMiddle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...mark(' ', before.slice(before.length - tail)),
  ];
}

function mark(sign: Line['sign'], texts: readonly string[]): Line[] {
  return texts.map((text) => ({ sign, text }));
}

/** The longest common subsequence, by the textbook. */
function compareMiddle(before: readonly string[], after: readonly string[]): Line[] {
  if (before.length * after.length > PAIR_LIMIT) return [...mark('-', before), ...mark('+', after)];
  const width = after.length + 1;
  const common = new Uint32Array((before.length + 1) * width);
  const at = (row: number, column: number): number => common[row * width + column] ?? 0;
  for (let row = before.length - 1; row >= 0; row -= 1) {
    for (let column = after.length - 1; column >= 0; column -= 1) {
      const same = before[row] === after[column];
      const best = same ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
      common[row * width + column] = best;
    }
  }
  return walk(before, after, at);
}

function walk(
  before: readonly string[],
  after: readonly string[],
  at: (row: number, column: number) => number,
): Line[] {
  const lines: Line[] = [];
  let [row, column] = [0, 0];
  while (row < before.length || column < after.length) {
    const [old, now] = [before[row], after[column]];
    if (old !== undefined && old === now) {
      lines.push({ sign: ' ', text: old });
      row += 1;
      column += 1;
    } else if (old !== undefined && (now === undefined || at(row + 1, column) >= at(row, column + 1))) {
      lines.push({ sign: '-', text: old });
      row += 1;
    } else {
      lines.push({ sign: '+', text: now ?? '' });
      column += 1;
    }
  }
  return lines;
}

function formatHunks(lines: readonly Line[]): string {
  let text = '';
  let [old, now] = [1, 1];
  for (let index = 0; index < lines.length; ) {
    const end = hunkEnd(lines, index);
    const start = end === undefined ? lines.length : Math.max(index, firstChange(lines, index) - CONTEXT);
    for (; index < start; index += 1) [old, now] = [old + 1, now + 1];
    if (end === undefined) break;
    const part = lines.slice(start, end);
    const [minus, plus] = [
      part.filter(({ sign }) => sign !== '+').length,
      part.filter(({ sign }) => sign !== '-').length,
    ];
    text += `@@ -${range(old, minus)} +${range(now, plus)} @@\n${part.map(formatLine).join('')}`;
    [old, now, index] = [old + minus, now + plus, end];
  }
  return text;
}

function firstChange(lines: readonly Line[], from: number): number {
  let at = from;
  while (lines[at]?.sign === ' ') at += 1;
  return at;
}

/** Where the hunk ends that holds the first change from a line on: where the next one is too far away. */
function hunkEnd(lines: readonly Line[], from: number): number | undefined {
  let at = firstChange(lines, from);
  if (at >= lines.length) return undefined;
  for (;;) {
    while (at < lines.length && lines[at]?.sign !== ' ') at += 1;
    const next = firstChange(lines, at);
    if (next >= lines.length || next - at > 2 * CONTEXT) return Math.min(at + CONTEXT, lines.length);
    at = next;
  }
}

function range(start: number, count: number): string {
  // An empty range is named by the line before it.
  return `${count === 0 ? start - 1 : start},${count}`;
}

function formatLine({ sign, text }: Line): string {
  return text.endsWith('\n') ? sign + text : `${sign}${text}\n\\ No newline at end of file\n`;
}
