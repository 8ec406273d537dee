import type { Listing } from '@osi-linux/core';
import { openGuestBytes } from '@osi-linux/guest';
import { type LeftOut, layOutGuest, type SectionKeys } from '@osi-linux/test-fixtures/layout-guest';
import { expect, it } from 'vitest';
import { pickFields } from './pick-fields';

/** Tests that each listing of a guest of a section has the rows that were laid out, all but those of the named parts. */
export function itListsWhatWasLaidOut(keys: SectionKeys, kconf: string, leftOut: readonly LeftOut[]): void {
  const { dump, truth } = layOutGuest(keys);
  const { linux, profile } = openGuestBytes(dump, { kconf, kconfGroup: keys.group });

  it('is read by that section, at its own addresses', () => {
    expect(profile.findings.map(({ what }) => what)).not.toContain('slide');
    expect(truth.leftOut).toEqual(leftOut);
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
}
