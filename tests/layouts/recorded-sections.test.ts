import { readFileSync } from 'node:fs';
import { readSections } from '@osi-linux/test-fixtures/layout-guest';
import { readRecordedGuests } from '@osi-linux/test-fixtures/recorded';
import { describe, expect, it } from 'vitest';
import { itListsWhatWasLaidOut } from './laid-out-listings';

const sections = readRecordedGuests().flatMap(({ name, kconfFile }) => {
  const kconf = readFileSync(kconfFile, 'utf8');
  return readSections(kconf).map((keys) => ({ name, kconf, keys }));
});
/** One section has PANDA's keys alone. */
const whole = sections.filter(({ keys }) => keys.has('mount.mnt_id_offset'));

describe.each(whole)('a guest of the section of $name', ({ kconf, keys }) => {
  itListsWhatWasLaidOut(keys, kconf, []);
});

describe('the sections of recorded guests', () => {
  it('are whole but for one', () => {
    expect(sections.length - whole.length).toBe(1);
    expect(whole.filter(({ keys }) => keys.has('mm.mm_mt_offset')).length).toBeGreaterThan(5);
  });
});
