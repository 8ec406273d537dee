import { decodeText, formatHex } from '@osi-linux/core';
import { findGroup, insertGroup, replaceGroup, safeParseKeyFile } from '@osi-linux/kconf';
import { describe, expect, it } from 'vitest';
import { createKeyFileGenerator, createRandom } from './key-file-generator';
import { buildKeyFileOracle, type OracleFile } from './key-file-oracle';

const SEED = Number(process.env['OSI_LINUX_FUZZ_SEED'] ?? 20261122);
const FILES = Number(process.env['OSI_LINUX_FUZZ_FILES'] ?? 100_000);
/** So many files at once are held in memory. */
const BATCH = 10_000;
const oracle = buildKeyFileOracle();
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The reader's view and GLib's, in one form; rejected files are equal when both reject. */
function ours(bytes: Uint8Array): unknown {
  const { file, issues } = safeParseKeyFile(bytes);
  if (issues.some(({ severity }) => severity === 'error')) return 'rejected';
  return file.groups.map(({ name, entries }) => [name, entries.map(({ key, value }) => [key, value])]);
}

function theirs({ groups, error }: OracleFile): unknown {
  if (error !== undefined) return 'rejected';
  const text = (hex: string): string => decodeText(Buffer.from(hex, 'hex'));
  return groups.map(({ name, entries }) => [
    text(name),
    entries.map(([key, value]) => [text(key), text(value)]),
  ]);
}

function differences(files: readonly Uint8Array[]): unknown[] {
  return compare(files).different;
}

/** Where the two views differ, and how many of the files GLib rejects. */
function compare(files: readonly Uint8Array[]): { different: unknown[]; rejected: number } {
  const answers = oracle(files);
  const different = files.flatMap((bytes, index) => {
    const expected = theirs(answers[index] as OracleFile);
    const received = ours(bytes);
    const same = JSON.stringify(expected) === JSON.stringify(received);
    return same ? [] : [{ file: decodeText(bytes), hex: formatHex(bytes), expected, received }];
  });
  return { different, rejected: answers.filter(({ error }) => error !== undefined).length };
}

const WRITTEN_BY_HAND = [
  '',
  '\n',
  '[g]',
  '[g]\r',
  '[g]\r\nk = v\r\n',
  '[g]\nk = v\r',
  '[g]\nk\tk = v \t\n',
  '[g]\nname = #1 SMP Debian 3.2.51-1 i686\n',
  '[a.b]\nx = 1\n[a]\nb = 2\n[a.b]\nx = 3\ny = 4\n',
  '[g]\nk[de] = x\nk[C] = y\nk[c] = z\nk[] = w\nk = v\n',
  '[g]\nEncoding = latin1\n',
  '[f]\n[g]\nEncoding = latin1\n',
  '[g]\nEncoding = utf-8\n',
  '[g]\nEncoding = UTF-8 \n',
  '[g]\nEncoding = UTF-8\0\n',
  '\uFEFF[g]\n',
  '[g]\n\uFEFF# x\n',
  '[g]\n; x\n',
  '[g]\n; x = 1\n',
  '[g] x\n',
  '  [g]\t \n\v[h]\n',
  '[g]\nk = \\s\\q\\\n',
  '[g]\nk =\u00a0v\u00a0\n',
  '[g]\0x\nk = 1\0\n',
  '[g]\n\0x\n',
];

describe('the reader against GLib', () => {
  it('sees the same groups, keys and values in files written by hand', () => {
    expect(differences(WRITTEN_BY_HAND.map(encode))).toEqual([]);
  });

  it('keeps bytes that are no UTF-8 apart', () => {
    const bytes = Buffer.from('5b67ff5d0a6bff3d310a6bfe3d320a5b675d80800a78803d0a', 'hex');
    expect(differences([bytes])).toEqual([]);
  });

  it(`sees the same in ${FILES} generated files (seed ${SEED})`, () => {
    const next = createKeyFileGenerator(SEED);
    let rejected = 0;
    for (let done = 0; done < FILES; done += BATCH) {
      const files = Array.from({ length: Math.min(BATCH, FILES - done) }, next);
      const batch = compare(files);
      expect(batch.different.slice(0, 3)).toEqual([]);
      rejected += batch.rejected;
    }
    expect(rejected).toBeGreaterThan(FILES / 10);
    expect(rejected).toBeLessThan((FILES * 9) / 10);
  }, 600_000);
});

describe('the editor against GLib', () => {
  const odd = '# head\r\n\r\n[z]\r\nb = 2\r\n; x = y\r\na = 1\r\n\r\n# of y\r\n[y]\r\nname = #1 \u00e4';
  const lines = ['name = #1 SMP', 'task.size = 1060', '#task.init_addr = 0xC13E0FE0'];
  const group = { name: 'my_kernel_info', lines };

  it('leaves every other byte alone, and the new group loads', () => {
    const before = encode(odd);
    const after = insertGroup(before, group);
    expect(Buffer.from(after.subarray(0, before.length))).toEqual(Buffer.from(before));
    const [answer] = oracle([after]);
    expect(theirs(answer as OracleFile)).toContainEqual([
      'my_kernel_info',
      [
        ['name', '#1 SMP'],
        ['task.size', '1060'],
      ],
    ]);
    expect(differences([after])).toEqual([]);
  });

  it('adds and replaces a group in generated files without a change to the others', () => {
    const next = createKeyFileGenerator(SEED + 1);
    const random = createRandom(SEED + 2);
    const accepted = Array.from({ length: 2000 }, next).filter((bytes) => ours(bytes) !== 'rejected');
    const edits = accepted.map((bytes) => {
      const groups = safeParseKeyFile(bytes).file.groups;
      const target = groups[random(groups.length + 1)];
      const name = target === undefined || target.name.includes('\uFFFD') ? 'new' : target.name;
      const exists = findGroup({ groups }, name) !== undefined;
      const after = (exists ? replaceGroup : insertGroup)(bytes, { name, lines });
      return { bytes, after, name, exists };
    });
    expect(edits.filter(({ exists }) => exists).length).toBeGreaterThan(100);
    const before = oracle(edits.map(({ bytes }) => bytes)).map(theirs) as [string, unknown][][];
    const after = oracle(edits.map((edit) => edit.after)).map(theirs) as [string, unknown][][];
    edits.forEach(({ name, exists }, index) => {
      const values = [
        ['name', '#1 SMP'],
        ['task.size', '1060'],
      ];
      const expected = (before[index] ?? []).map((entry) => (entry[0] === name ? [name, values] : entry));
      if (!exists) expected.push([name, values]);
      expect(after[index]).toEqual(expected);
    });
  });
});
