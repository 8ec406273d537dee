import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unifiedDiff } from './unified-diff';

/** The work of `patch`, without its search for moved lines. */
function apply(diff: string, before: string): string {
  const old = before.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const body = diff.replace(/\n\\ No newline at end of file\n/g, '\u0000');
  const now: string[] = [];
  let at = 0;
  for (const line of body.match(/[^\n\0]*[\n\0]/g) ?? []) {
    const [, start, count] = /^@@ -(\d+),(\d+) \+\d+,\d+ @@\n$/.exec(line) ?? [];
    const text = line.slice(1).replace('\0', '');
    if (line.startsWith('---') || line.startsWith('+++')) continue;
    if (start !== undefined) {
      const first = Number(start) - (count === '0' ? 0 : 1);
      now.push(...old.slice(at, first));
      at = first;
    } else if (line.startsWith('+')) now.push(text);
    else {
      expect(old[at]).toBe(text);
      if (line.startsWith(' ')) now.push(text);
      at += 1;
    }
  }
  return [...now, ...old.slice(at)].join('');
}

describe('unifiedDiff', () => {
  it('says nothing where nothing changes', async () => {
    expect(await unifiedDiff('k', '[a]\n', '[a]\n')).toBe('');
  });

  it('shows a new file, an added group and a changed line', async () => {
    expect(await unifiedDiff('k', '', '[a]\nx = 1\n')).toBe(
      '--- /dev/null\n+++ k\n@@ -0,0 +1,2 @@\n+[a]\n+x = 1\n',
    );
    expect(await unifiedDiff('k', '[a]\n', '[a]\n\n[b]\n')).toBe(
      '--- k\n+++ k\n@@ -1,1 +1,3 @@\n [a]\n+\n+[b]\n',
    );
    expect(await unifiedDiff('k', '1\n2\n3\n4\nx\n5\n6\n7\n8\n', '1\n2\n3\n4\ny\n5\n6\n7\n8\n')).toBe(
      '--- k\n+++ k\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-x\n+y\n 5\n 6\n 7\n',
    );
  });

  it('tells of a last line without an end', async () => {
    expect(await unifiedDiff('k', 'a', 'a\n')).toBe(
      '--- k\n+++ k\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n',
    );
  });

  it('makes the second text of the first, whatever they are', async () => {
    const text = fc
      .tuple(
        fc.array(fc.constantFrom('a', 'b', 'c', '', 'caf\xe9\r', '\x0b\u2028'), { maxLength: 30 }),
        fc.boolean(),
      )
      .map(([lines, ends]) => lines.join('\n') + (ends && lines.length > 0 ? '\n' : ''));
    await fc.assert(
      fc.asyncProperty(text, text, async (before, after) => {
        expect(apply(await unifiedDiff('k', before, after), before)).toBe(after);
      }),
    );
  });

  it('shows 50,000 changed lines', async () => {
    const many = (word: string): string => `${word}\n`.repeat(50_000);
    const diff = await unifiedDiff('k', many('x'), many('y'));
    expect(diff.length).toBe(300_000 + '--- k\n+++ k\n@@ -1,50000 +1,50000 @@\n'.length);
  });
});
