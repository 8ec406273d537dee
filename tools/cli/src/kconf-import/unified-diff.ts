import type { StructuredPatch } from 'diff';

/** With more lines to take out and put in than this, the texts are shown whole: the time goes with their square. */
const MOST_EDITS = 2000;

/** The changes between two texts, in the unified form that `patch` reads; empty if there are none. */
export async function unifiedDiff(name: string, before: string, after: string): Promise<string> {
  if (before === after) return '';
  // Loaded for a dry run only: most runs show no difference.
  const { FILE_HEADERS_ONLY, formatPatch, structuredPatch } = await import('diff');
  const old = before === '' ? '/dev/null' : name;
  const options = { context: 3, maxEditLength: MOST_EDITS };
  const patch =
    structuredPatch(old, name, before, after, '', '', options) ?? replaceAll(old, name, before, after);
  return formatPatch(patch, FILE_HEADERS_ONLY);
}

function replaceAll(
  oldFileName: string,
  newFileName: string,
  before: string,
  after: string,
): StructuredPatch {
  const [minus, plus] = [splitLines(before), splitLines(after)];
  const lines = [...minus.flatMap((line) => mark('-', line)), ...plus.flatMap((line) => mark('+', line))];
  const hunk = { oldStart: 1, oldLines: minus.length, newStart: 1, newLines: plus.length, lines };
  return { oldFileName, newFileName, oldHeader: '', newHeader: '', hunks: [hunk] };
}

/** The lines with their line feeds; a last line without one keeps that. */
function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function mark(sign: '-' | '+', line: string): string[] {
  if (line.endsWith('\n')) return [sign + line.slice(0, -1)];
  return [sign + line, '\\ No newline at end of file'];
}
