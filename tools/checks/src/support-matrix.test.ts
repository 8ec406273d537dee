import { GUEST_TABLE } from '@osi-linux/test-fixtures/guest-builder';
import { readRecordedGuests } from '@osi-linux/test-fixtures/recorded';
import { describe, expect, it } from 'vitest';
import { formatSupportMatrix } from './support-matrix';

describe('docs/support-matrix.md', () => {
  const recorded = readRecordedGuests();

  it('is what the recorded guests and the table of guests say; `vitest -u` writes it', async () => {
    await expect(formatSupportMatrix(recorded, GUEST_TABLE)).toMatchFileSnapshot(
      '../../../docs/support-matrix.md',
    );
  });

  it('has a row for each guest, with as many cells as its head', () => {
    const tables = formatSupportMatrix(recorded, GUEST_TABLE)
      .split('\n')
      .filter((line) => line.startsWith('| '));
    expect(tables).toHaveLength(2 + recorded.length + 2 + GUEST_TABLE.length);
    for (const line of tables) expect([16, 8], line).toContain(line.split(/(?<!\\)\|/).length - 2);
  });

  it('says so where nobody asked the guest', () => {
    const [guest] = recorded;
    if (guest === undefined) throw new Error('no recorded guest is in the repository');
    expect(formatSupportMatrix([{ ...guest, truth: undefined }], [])).toMatch(
      /(\| no truth +){10}\| no {7}\|/,
    );
  });
});
