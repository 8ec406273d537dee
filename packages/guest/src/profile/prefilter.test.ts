import { readFileSync } from 'node:fs';
import { safeParseKeyFile } from '@osi-linux/kconf';
import { BytesSource, openDump } from '@osi-linux/memory';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { describe, expect, it } from 'vitest';
import { likelyGroups } from './prefilter';

const recorded = readRecordedGuest('debian-12-amd64');
const dump = openDump(new BytesSource(new Uint8Array(readFileSync(recorded.dumpFile))));
const name = /^name = (.*)$/m.exec(readFileSync(recorded.kconfFile, 'utf8'))?.[1] ?? '';
const [release = '', version = ''] = name.split('|');

const GROUPS = [
  ['own', name],
  ['other-release', `6.1.0-1-amd64|${version}|x86_64`],
  ['other-version', `${release}|#1 SMP Debian 5.10.1-1|x86_64`],
  ['other-machine', `${release}|${version}|i686`],
  ['panda', `${version} x86_64`],
] as const;
const text = GROUPS.map(([group, value]) => `[${group}]\nname = ${value}\n`).join('');
const { groups } = safeParseKeyFile(`${text}[nameless]\ntask.size = 1\n`).file;
const namesOf = (found: typeof groups) => found.map((group) => group.name);

describe('likelyGroups', () => {
  it('keeps those whose name the banner has, and those that have no name', () => {
    expect(namesOf(likelyGroups(dump, groups))).toEqual(['own', 'panda', 'nameless']);
  });

  it('keeps all where there are few, and where the dump names no page tables', () => {
    expect(likelyGroups(dump, groups.slice(1, 3))).toHaveLength(2);
    expect(likelyGroups({ ...dump, cpus: [] }, groups)).toHaveLength(groups.length);
  });

  it('goes by the machine alone where there is no banner', () => {
    const { memory } = dump;
    const mute = { ...memory, page: (frame: number) => memory.page(frame), scan: () => 0 };
    const hole = memory.hole.bind(memory);
    const found = likelyGroups({ ...dump, memory: { ...mute, ranges: memory.ranges, hole } }, groups);
    expect(namesOf(found)).not.toContain('other-machine');
    expect(found).toHaveLength(groups.length - 1);
  });
});
