import { GUEST_TABLE } from '@osi-linux/test-fixtures/guest-builder';
import { layOutGuest, readSections } from '@osi-linux/test-fixtures/layout-guest';
import { readHandBoots, readOldKernelsConf } from '@osi-linux/test-fixtures/old-kernels';
import { readRecordedGuests } from '@osi-linux/test-fixtures/recorded';
import { describe, expect, it } from 'vitest';
import { formatSupportMatrix, type LaidOutSection } from './support-matrix';

const FORMS: Readonly<Record<number, string>> = { 2: 'i386', 3: 'pae', 4: '4-level' };

function readLaidOut(): LaidOutSection[] {
  return readSections(readOldKernelsConf()).map((keys) => {
    const { release, machine } = keys.kernelName;
    const paging = FORMS[keys.number('kernel.pgtable_levels')] ?? '';
    return { group: keys.group, release, machine, paging, leftOut: layOutGuest(keys).truth.leftOut };
  });
}

describe('docs/support-matrix.md', () => {
  const recorded = readRecordedGuests();
  const byHand = readHandBoots();
  const laidOut = readLaidOut();
  const tested = { recorded, booted: GUEST_TABLE, byHand, laidOut };

  it('is what the guests of each way of testing are; `vitest -u` writes it', async () => {
    await expect(formatSupportMatrix(tested)).toMatchFileSnapshot('../../../docs/support-matrix.md');
  });

  it('has a row for each guest, with as many cells as its head', () => {
    const tables = formatSupportMatrix(tested)
      .split('\n')
      .filter((line) => line.startsWith('| '));
    const rows = recorded.length + GUEST_TABLE.length + byHand.length + laidOut.length;
    expect(tables).toHaveLength(4 + 5 * 2 + rows);
    for (const line of tables) expect([3, 5, 8, 15], line).toContain(line.split(/(?<!\\)\|/).length - 2);
  });

  it('says so where nobody asked the guest', () => {
    const [guest] = recorded;
    if (guest === undefined) throw new Error('no recorded guest is in the repository');
    const unasked = { ...tested, recorded: [{ ...guest, truth: undefined }] };
    expect(formatSupportMatrix(unasked)).toMatch(/(\| no truth +){10}\|\n/);
  });

  it('names the section of each kernel that was booted by hand among those that are laid out', () => {
    const groups = laidOut.map(({ group }) => group);
    expect(groups).toEqual(expect.arrayContaining(byHand.map(({ section }) => section)));
    expect(byHand.map(({ kernel }) => kernel)).toHaveLength(7);
  });
});
