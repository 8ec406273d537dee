import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildGuest,
  guestSpec,
  guestsOfThisRun,
  QEMU_DUMP_FILES,
} from '@osi-linux/test-fixtures/guest-builder';
import {
  compareUnanswerable,
  type GuestTruth,
  parseGuestTruth,
  parseTruthRecords,
  type Row,
  truthChecks,
} from '@osi-linux/test-fixtures/truth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runListing } from '../command/osi-linux-command';

// No key file at all: each 64-bit guest, in each form in which QEMU writes memory, with and without a place for its
// VMCOREINFO. All listings equal the guest's own `/proc`. The files are big, and gone afterwards.

const guests = guestsOfThisRun().filter(({ arch }) => arch === 'amd64');
const rows = guests.flatMap((row) => [
  { row, name: row.name, vmcoreinfo: false, device: 'without' },
  { row, name: row.name, vmcoreinfo: true, device: 'with' },
]);
/** Which form has what, besides the pages: QEMU's raw file has those alone, and its stream has no note. */
const FORMS = [
  { file: QEMU_DUMP_FILES.elf, format: 'elf', registers: true, note: true },
  { file: QEMU_DUMP_FILES.kdump, format: 'kdump', registers: true, note: true },
  { file: QEMU_DUMP_FILES.raw, format: 'raw', registers: false, note: false },
  { file: QEMU_DUMP_FILES.stream, format: 'qemu-stream', registers: true, note: false },
] as const;
/** Where distributions link `_text`: __START_KERNEL_map and CONFIG_PHYSICAL_START. */
const LINKED = 0xffffffff81000000n;
/**
 * A stream does not contain where RAM goes on behind 4 GiB; for a machine with its RAM split, each answer
 * warns of it.
 */
const PLACED = /^warning: split: RAM from 0x6000000 is placed at 4 GiB.*\n/m;

describe.each(rows)('$name $device the vmcoreinfo device, without a profile', ({ row, vmcoreinfo }) => {
  const parent = join(tmpdir(), `osi-linux-without-profile-${process.pid}-${row.name}-${vmcoreinfo}`);
  const folder = join(parent, 'guest');
  const nothing = join(parent, 'nothing.conf');
  let truth: GuestTruth;
  let kaslrShift = '';

  beforeAll(async () => {
    mkdirSync(parent);
    writeFileSync(nothing, '');
    const { name: _, ...spec } = guestSpec(row);
    await buildGuest({ ...spec, vmcoreinfo, dumps: ['kdump', 'stream'] }, { folder });
    const { records } = parseTruthRecords(readFileSync(join(folder, 'truth')));
    truth = parseGuestTruth(records, row);
    const symbols = Buffer.from(records.find(({ path }) => path === '/proc/kallsyms')?.bytes ?? []);
    const [, text = '0'] = /^([0-9a-f]{16}) T _text$/m.exec(symbols.toString('latin1')) ?? [];
    kaslrShift = `0x${(BigInt(`0x${text}`) - LINKED).toString(16)}`;
  });

  afterAll(() => rmSync(parent, { recursive: true, force: true }));

  const ask = async (words: string, file: string) => {
    const [command = '', ...options] = words.split(' ');
    return runListing([command, join(folder, file), ...options, '--kconf-file', nothing, '--json']);
  };

  it.each(FORMS)('answers every listing from $format as its /proc did', async ({ file }) => {
    const found: string[] = [];
    for (const { command, compare, unanswerable } of truthChecks(truth)) {
      const { out, err, exitCode } = await ask(command, file);
      const answered = (out === '' ? [] : JSON.parse(out)) as Row[];
      if (answered.length === 0) found.push(`${command}: no rows`);
      const said = { err: err.replace(PLACED, ''), exitCode };
      const sentences = [...compare(answered, []), ...compareUnanswerable(unanswerable, said)];
      found.push(...sentences.map((sentence) => `${command}: ${sentence}`));
    }
    expect(found).toEqual([]);
  });

  it.each(FORMS)(
    'is identified from $format by all that it has',
    async ({ file, format, registers, note }) => {
      const { out, exitCode } = await ask('identify', file);
      const identity = JSON.parse(out);
      expect(identity).toMatchObject({
        format,
        paging: row.paging,
        cpus: row.cpus,
        kaslrShift,
        profile: { from: 'derived', group: null },
      });
      expect(exitCode).toBe(0);
      const finding = (what: string) =>
        identity.findings.find((found: { what: string }) => found.what === `kernel by ${what}`)?.value;
      const image = finding('page tables in memory');
      expect(image).toMatch(new RegExp(`^${row.paging}, image at 0x`));
      expect(finding('VMCOREINFO in memory')).toBe(image);
      expect(finding('registers of processors')).toBe(registers ? image : 'not found');
      expect(finding('VMCOREINFO of the dump')).toBe(note && vmcoreinfo ? image : 'not found');
    },
  );
});
