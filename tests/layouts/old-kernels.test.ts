import type { Listing } from '@osi-linux/core';
import { openGuestBytes } from '@osi-linux/guest';
import { type LeftOut, layOutGuest, readSections } from '@osi-linux/test-fixtures/layout-guest';
import { readOldKernelsConf } from '@osi-linux/test-fixtures/old-kernels';
import { describe, expect, it } from 'vitest';
import { pickFields } from './pick-fields';

const kconf = readOldKernelsConf();
const sections = readSections(kconf);

const OF_3_2: readonly LeftOut[] = ['namespaces', 'IP sockets', 'log', 'ids'];

/** The parts that a section has no keys for: by the age of its kernel, or by that of the module that printed it. */
const LEFT_OUT: Readonly<Record<string, readonly LeftOut[]>> = {
  '2.6.32.69-i386': ['namespaces'],
  '3.2.71-i386': ['namespaces'],
  '3.10.99-amd64': [],
  '3.10.0-1160-amd64': [],
  '4.4.155-amd64': [],
  '4.15.18-amd64': [],
  '5.4.286-amd64': [],
  '2.6.32-i386': ['anonymous inodes', ...OF_3_2],
  '3.2-i386': OF_3_2,
  '3.2-i386-pae': OF_3_2,
  '3.2-amd64': OF_3_2,
  '3.10-amd64': ['IP sockets', 'ids'],
  '4.4-amd64': ['ids'],
  '4.15-amd64': ['ids'],
  '4.19-amd64': ['ids'],
};

describe.each(sections.map((keys) => [keys.group, keys] as const))('a guest of [%s]', (group, keys) => {
  const { dump, truth } = layOutGuest(keys);
  const { linux, profile } = openGuestBytes(dump, { kconf, kconfGroup: group });

  it('is read by that section, at its own addresses', () => {
    expect(profile.findings.map(({ what }) => what)).not.toContain('slide');
    expect(truth.leftOut).toEqual(LEFT_OUT[group]);
  });

  it.each([
    ['processes', () => linux.getProcesses()],
    ['threads', () => linux.getThreads()],
    ['current', () => linux.getCurrent()],
    ['mappings', () => linux.getMappings()],
    ['files', () => linux.getFiles()],
    ['sockets', () => linux.getSockets()],
    ['modules', () => linux.getModules()],
    ['mounts', () => linux.getMounts()],
    ['environments', () => linux.getEnvironments()],
    ['log', () => linux.getLog()],
  ] as const)('has the rows that were laid out: %s', (listing, read: () => Listing<object>) => {
    const rows = read();
    const missing = listing === 'log' && truth.leftOut.includes('log') ? ['PROFILE_KEY_MISSING'] : [];
    expect(rows.skipped.map(({ reason }) => reason.code)).toEqual(missing);
    expect(pickFields(rows, truth[listing])).toEqual(truth[listing]);
    expect(rows.length > 0 || missing.length > 0).toBe(true);
  });

  it('hides nothing', () => {
    const { threads, modules, skipped } = linux.findHidden();
    expect([threads, modules]).toEqual([[], []]);
    if (!truth.leftOut.includes('ids')) expect(skipped).toEqual([]);
  });
});
