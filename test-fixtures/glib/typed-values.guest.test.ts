import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatHex } from '@osi-linux/core';
import { safeParseKernelInfo, safeParseKeyFile } from '@osi-linux/kconf';
import { describe, expect, it } from 'vitest';
import { buildGlibProgram, packFiles } from './glib-program';
import { createValueGenerator } from './key-file-generator';

const SEED = Number(process.env['OSI_LINUX_FUZZ_SEED'] ?? 20261122);
const VALUES = Number(process.env['OSI_LINUX_FUZZ_VALUES'] ?? 50_000);
const program = buildGlibProgram('typed-values.c');

/** One value under a key of each getter: an int, a uint64 and a string. */
function keyFile(value: Uint8Array): Uint8Array {
  const lines = ['[g]\nname = ', '\ntask.size = ', '\ntask.init_addr = '].flatMap((head) => [
    Buffer.from(head),
    value,
  ]);
  return Buffer.concat([...lines, Buffer.from('\n')]);
}

/** The results of GLib's getters for each file, `-` where they set an error. */
function theirs(files: readonly Uint8Array[]): string[] {
  const packed = join(program.folder, 'packed');
  writeFileSync(packed, packFiles(files));
  const { output, exitCode } = program.run(packed);
  expect(exitCode).toBe(0);
  return output
    .split(/^file \d+\n/m)
    .slice(1)
    .map((answer) => answer.trim());
}

/** The same of the strict mode. */
function ours(file: Uint8Array): string {
  const [group] = safeParseKeyFile(file).file.groups;
  if (group === undefined) throw new Error('no group');
  const { info } = safeParseKernelInfo(group, { mode: 'strict' });
  const name = info['name'];
  const text = name === undefined ? '-' : `=${formatHex(new TextEncoder().encode(name))}`;
  return `integer ${info['task.size'] ?? '-'}\nuint64 ${info['task.init_addr'] ?? '-'}\nstring ${text}`;
}

const WRITTEN_BY_HAND = [
  '5 # five',
  '5#five',
  '+16',
  '-16',
  '010',
  '0x10',
  '',
  '18446744073709551616',
  '\\q',
  '5 ',
];

describe('the strict mode against the typed getters of GLib', () => {
  it.each([
    ['written by hand', WRITTEN_BY_HAND.map((text) => Buffer.from(text))],
    [`${VALUES} generated (seed ${SEED})`, Array.from({ length: VALUES }, createValueGenerator(SEED))],
  ])(
    'reads the same values: %s',
    (_what, values) => {
      const files = values.map(keyFile);
      const expected = theirs(files);
      expect(expected).toHaveLength(files.length);
      const different = files.flatMap((file, index) => {
        const received = ours(file);
        if (received === expected[index]) return [];
        return [{ value: formatHex(values[index] ?? new Uint8Array()), expected: expected[index], received }];
      });
      expect(different.slice(0, 3)).toEqual([]);
      const refused = (getter: string): number =>
        expected.filter((answer) => answer.includes(`${getter} -\n`) || answer.endsWith(`${getter} -`))
          .length;
      for (const getter of ['integer', 'uint64', 'string']) {
        expect(refused(getter)).toBeGreaterThan(files.length / 100);
        expect(refused(getter)).toBeLessThan((files.length * 99) / 100);
      }
    },
    120_000,
  );
});
