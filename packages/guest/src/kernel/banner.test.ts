import { readFileSync } from 'node:fs';
import type { Page, PhysicalMemory } from '@osi-linux/core';
import { safeParseKernelInfo, safeParseKeyFile } from '@osi-linux/kconf';
import { BytesSource, type Dump, openDump } from '@osi-linux/memory';
import { type RecordedGuest, readRecordedGuest, readRecordedGuests } from '@osi-linux/test-fixtures/recorded';
import { describe, expect, it } from 'vitest';
import { openGuest } from '../guest';
import { identifyGuest } from '../identity';

const guests = readRecordedGuests();
const openRecorded = ({ dumpFile }: RecordedGuest) =>
  openDump(new BytesSource(new Uint8Array(readFileSync(dumpFile)), 'guest.elf'));
const ours = ({ kconfFile }: RecordedGuest) => safeParseKeyFile(readFileSync(kconfFile)).file;

/** The section with the keys of PANDA alone. */
function panda(guest: RecordedGuest) {
  const [group] = ours(guest).groups;
  const { info } = safeParseKernelInfo(group as never, { mode: 'strict' });
  const lines = Object.entries(info).map(([key, value]) => `${key} = ${value}\n`);
  return safeParseKeyFile(`[panda]\n${lines.join('')}`).file;
}

describe.each(guests.map(({ name }) => name))('the banner of %s', (name) => {
  const guest = readRecordedGuest(name);

  it.each([
    ['by a section with init_uts_ns', ours(guest)],
    ['by a section of PANDA', panda(guest)],
  ])('is the one that the kernel prints, %s', (_, keyFile) => {
    const { kernel, findings, problem } = identifyGuest(openRecorded(guest), { keyFile });
    expect([problem, kernel.banner]).toEqual([null, guest.manifest.kernel.banner]);
    expect(findings.find(({ what }) => what === 'banner')?.evidence).toMatch(
      /^(linux_banner, by its symbol|has the release and version of init_uts_ns); virtual address 0x/,
    );
  });
});

const EVIL = 'Linux version 6.6.6-evil (root@evil) (gcc) #1 SMP Thu Jan 1 00:00:00 UTC 1970\n';

/** A dump in which a program of the guest has written a banner, next to init_task, where the kernel log may be. */
function withEvilText(guest: RecordedGuest): Dump {
  const dump = openRecorded(guest);
  const { memory, profile } = openGuest(dump, { keyFile: ours(guest) });
  const init = Number(memory.translate(profile.kernel.info['task.init_addr'] ?? 0n));
  const frame = Math.floor(init / 4096);
  const bytes = (dump.memory.page(frame) as Page).bytes.slice();
  const blank = bytes.findIndex((_, at) => bytes.subarray(at, at + 128).every((byte) => byte === 0));
  expect(blank).toBeGreaterThan(0);
  bytes.set(new TextEncoder().encode(EVIL), blank + 8);
  const written: Page = { bytes, view: new DataView(bytes.buffer) };
  const overlay: PhysicalMemory = Object.create(dump.memory, {
    page: { value: (wanted: number) => (wanted === frame ? written : dump.memory.page(wanted)) },
  });
  return { ...dump, memory: overlay };
}

describe('a text that a program of the guest has written', () => {
  const guest = readRecordedGuest('debian-12-amd64');

  it('is not taken for the banner, and does not refuse a right section', () => {
    for (const keyFile of [ours(guest), panda(guest)]) {
      const { kernel, problem } = identifyGuest(withEvilText(guest), { keyFile });
      expect([problem, kernel.banner]).toEqual([null, guest.manifest.kernel.banner]);
    }
  });

  it('does not let a section of another kernel pass', () => {
    const other = safeParseKeyFile(
      readFileSync(guest.kconfFile, 'utf8').replace(
        /^name = .*$/m,
        'name = 6.6.6-evil|#1 SMP Thu Jan 1 00:00:00 UTC 1970|x86_64',
      ),
    ).file;
    expect(identifyGuest(withEvilText(guest), { keyFile: other }).problem).toMatchObject({
      fields: { banner: guest.manifest.kernel.banner },
    });
  });
});
