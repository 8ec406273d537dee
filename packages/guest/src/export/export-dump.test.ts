import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { formatSubject, OsiError, type PhysicalMemory } from '@osi-linux/core';
import { safeParseKernelInfo, safeParseKeyFile } from '@osi-linux/kconf';
import { Task } from '@osi-linux/kstruct';
import { BytesSink, BytesSource, type Dump, openDump, type WrittenFormat } from '@osi-linux/memory';
import { DAMAGED_LISTINGS } from '@osi-linux/test-fixtures/damage';
import { readRecordedGuest, readRecordedGuests } from '@osi-linux/test-fixtures/recorded';
import { describe, expect, it } from 'vitest';
import { type Guest, openGuest } from '../guest';
import { identifyGuest } from '../identity';
import { formatProfileSection } from '../profile/section-text';
import type { ProfileSource } from '../profile/source';
import { type ExportDumpOptions, exportDump } from './export-dump';

const CARRYING: readonly WrittenFormat[] = ['kdump', 'elf'];
const PLAIN: readonly WrittenFormat[] = ['lime', 'raw'];

function openRecorded({ dumpFile, kconfFile }: { readonly dumpFile: string; readonly kconfFile: string }) {
  const dump = openDump(new BytesSource(new Uint8Array(readFileSync(dumpFile))));
  return { dump, source: { keyFile: safeParseKeyFile(readFileSync(kconfFile)).file } };
}

function exported(dump: Dump, source: ProfileSource, options: ExportDumpOptions) {
  const sink = new BytesSink();
  const deflate = (page: Uint8Array) => deflateSync(page, { level: 1 });
  const answer = exportDump(dump, source, sink, { deflate, ...options });
  expect(answer.bytes).toBe(sink.bytes.length);
  return { answer, dump: openDump(new BytesSource(sink.bytes), { format: options.format }) };
}

/** The answer of every listing, and the things that it reports as missing. */
function answersOf({ linux }: Guest, leftOut: readonly string[] = []) {
  const listings = DAMAGED_LISTINGS.filter(({ name }) => !leftOut.includes(name));
  return Object.fromEntries(listings.map(({ name, read }) => [name, answerOf(() => read(linux))]));
}

function answerOf(read: () => ReturnType<(typeof DAMAGED_LISTINGS)[number]['read']>) {
  try {
    const { rows, skipped } = read();
    return { rows: [...rows], skipped: skipped.map(({ subject }) => formatSubject(subject)) };
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    return error.message;
  }
}

type Answers = ReturnType<typeof answersOf>;

/** The rows without those whose strings are missing in `by`: a raw file has zeros where the dump has a hole. */
function withoutLost(answers: Answers, by: Answers): Record<string, unknown> {
  const isLost = (row: unknown) => {
    const { cmdline, env } = row as { cmdline?: unknown; env?: unknown };
    return cmdline === null || env === null;
  };
  return Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => {
      const original = by[name];
      if (typeof answer !== 'object' || typeof original !== 'object') return [name, answer];
      return [name, answer.rows.filter((_row, index) => !isLost(original.rows[index]))];
    }),
  );
}

function samePages(one: PhysicalMemory, other: PhysicalMemory): number {
  let same = 0;
  for (const { start, end } of one.ranges) {
    for (let frame = start / 4096; frame < end / 4096; frame += 1) {
      const [a, b] = [one.page(frame)?.bytes, other.page(frame)?.bytes];
      if (a !== undefined && b !== undefined && Buffer.compare(a, b) === 0) same += 1;
    }
  }
  return same;
}

/** A raw file has all the holes in it: two are enough. */
const AS_RAW: readonly string[] = ['debian-12-amd64', 'debian-11-686-pae'];

describe.each(readRecordedGuests())('the recorded guest $name, exported', (recorded) => {
  const { dump, source } = openRecorded(recorded);
  const guest = openGuest(dump, source);
  const answers = answersOf(guest);

  it.each(CARRYING)('as %s answers the same by itself', (format) => {
    const { dump: again, answer } = exported(dump, source, { format });
    const { cpus, machine } = dump;
    expect(again).toMatchObject({ cpus, machine, findings: [] });
    expect(samePages(again.memory, dump.memory)).toBe(answer.pages);
    expect(typeof answers['ps']).toBe('object');
    expect(answersOf(openGuest(again, {}))).toEqual(answers);
    expect(answer.profile).toMatchObject({ from: 'section', group: recorded.name, carried: true });
  });

  const plain = PLAIN.filter((format) => format !== 'raw' || AS_RAW.includes(recorded.name));
  it.each(plain)('as %s answers the same with the section, but for what needs registers', (format) => {
    const { dump: again, answer } = exported(dump, source, { format });
    const keyFile = safeParseKeyFile(answer.profile?.section ?? '').file;
    const { current: _, ...others } = answers;
    const found = answersOf(openGuest(again, { keyFile }), ['current']);
    if (format === 'raw') expect(withoutLost(found, others)).toEqual(withoutLost(others, others));
    else expect(found).toEqual(others);
    expect(answer.profile?.carried).toBe(false);
  });

  it('as kdump is the same to identify', () => {
    const { dump: again } = exported(dump, source, { format: 'kdump' });
    const { format: _, findings, memory, ...same } = identifyGuest(again, {});
    const { format: __, findings: ___, memory: _memory, ...expected } = identifyGuest(dump, source);
    expect(same).toEqual(expected);
    expect(memory.pages).toBeGreaterThan(50);
    expect(findings).toContainEqual({ what: 'section', value: recorded.name, evidence: 'note of the dump' });
  });
});

const recorded = openRecorded(readRecordedGuest('debian-12-amd64'));

describe('exportDump', () => {
  it.each([...CARRYING, ...PLAIN])('writes all pages as %s', (format) => {
    const { dump, source } = recorded;
    const { dump: again, answer } = exported(dump, source, { format, pages: 'all' });
    const pages = dump.memory.ranges.reduce((sum, { start, end }) => sum + (end - start) / 4096, 0);
    expect(answer.pages).toBe(pages);
    expect(samePages(dump.memory, again.memory)).toBe(pages);
  });

  it('writes all pages without a profile too, and says why there is none', () => {
    const { dump: again, answer } = exported(recorded.dump, {}, { format: 'elf', pages: 'all' });
    expect(answer.profile).toBeNull();
    expect(answer.problem?.code).toBe('PROFILE_FILE_MISSING');
    expect(again.profile).toBeUndefined();
    expect(again.cpus).toEqual(recorded.dump.cpus);
  });

  it('writes what there is of an incomplete dump, and names the rest', () => {
    const { dump, source } = recorded;
    const { linux, profile } = openGuest(dump, source);
    const init = linux.getProcesses().find(({ pid }) => pid === 1);
    const { address } = new Task(profile.kernel, init?.taskd ?? 0n).realCred;
    const gone = Math.floor((profile.kernel.memory.translate(address) ?? 0) / 4096);
    const memory: PhysicalMemory = {
      ranges: dump.memory.ranges,
      page: (frame) => (frame === gone ? undefined : dump.memory.page(frame)),
      hole: (address) => new OsiError('PHYSICAL_HOLE', `no ${address}`),
      scan: (address, into) => (Math.floor(address / 4096) === gone ? 0 : dump.memory.scan(address, into)),
    };
    const { dump: again, answer } = exported({ ...dump, memory }, source, { format: 'kdump' });
    expect(answer.skipped.length).toBeGreaterThan(0);
    const before = answersOf(openGuest({ ...dump, memory }, source));
    expect(answersOf(openGuest(again, {}))).toEqual(before);
  });

  it('can be read by an export of an export', () => {
    const first = exported(recorded.dump, recorded.source, { format: 'kdump' });
    const second = exported(first.dump, {}, { format: 'elf' });
    expect(second.answer.pages).toBe(first.answer.pages);
    expect(second.dump.profile).toBe(first.dump.profile);
  });
});

describe('the section in a dump', () => {
  const { dump: noted, answer } = exported(recorded.dump, recorded.source, { format: 'kdump' });
  const evidenceOf = (source: ProfileSource) =>
    openGuest(noted, source).profile.findings.some(({ evidence }) => evidence === 'note of the dump');
  const renamed = safeParseKeyFile(
    (answer.profile?.section ?? '').replace('[debian-12-amd64]', '[another]'),
  ).file;
  const empty = safeParseKeyFile('').file;

  it('goes before a file that was found, and behind one that is named', () => {
    expect(evidenceOf({ keyFile: renamed, kconfFile: 'kernelinfo.conf', places: ['kernelinfo.conf'] })).toBe(
      true,
    );
    expect(evidenceOf({ keyFile: renamed, kconfFile: 'my.conf' })).toBe(false);
    expect(evidenceOf({ keyFile: empty, kconfFile: 'my.conf' })).toBe(true);
    expect(evidenceOf({ kconfGroup: 'debian-12-amd64' })).toBe(true);
    expect(() => openGuest(noted, { kconfGroup: 'no such group', keyFile: renamed })).toThrow(/no group/);
    expect(() => openGuest(noted, { kconfFile: 'missing.conf' })).toThrow(/no missing\.conf/);
  });

  it('is refused where it contradicts the dump', () => {
    const wrong = (noted.profile ?? '').replace(
      /^task\.init_addr = .*$/m,
      'task.init_addr = 18446744071601993600',
    );
    for (const profile of [
      wrong,
      '[a]\n',
      '',
      'rubbish',
      '\u0000[x]',
      '[a]\ntask.comm_offset = -99999999999\n',
    ]) {
      expect(() => openGuest({ ...noted, profile }, {})).toThrow(OsiError);
    }
  });
});

describe('formatProfileSection', () => {
  it('≡ the values that it was made of, for all groups of the shipped file', () => {
    const { file } = safeParseKeyFile(readFileSync(new URL('../../../../kernelinfo.conf', import.meta.url)));
    expect(file.groups.length).toBeGreaterThan(2);
    for (const group of file.groups) {
      const { info } = safeParseKernelInfo(group);
      const odd = { ...info, name: ' a\\b\tc ' };
      for (const values of [info, odd]) {
        const [again] = safeParseKeyFile(formatProfileSection(group.name, values)).file.groups;
        expect(again && safeParseKernelInfo(again).info).toEqual(values);
      }
    }
  });

  it('names a group that has no name, or one that cannot be written', () => {
    expect(formatProfileSection(null, {})).toBe('[derived]\n');
    expect(formatProfileSection('a]b', {})).toBe('[derived]\n');
  });
});
