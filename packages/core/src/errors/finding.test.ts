import { describe, expect, it } from 'vitest';
import { type Finding, formatFinding } from './finding';

const format = (finding: Partial<Finding>) =>
  formatFinding({ what: 'kernel-entry', value: 'none', evidence: 'a test', ...finding });

describe('formatFinding', () => {
  it('names a finding by its title, else by what it is for programs', () => {
    expect(format({}).what).toBe('kernel-entry');
    expect(format({ title: 'kernel entry' }).what).toBe('kernel entry');
  });

  it.each([
    ['a text', 'a text'],
    [214, '214'],
    [0n, '0x0'],
    [0x200000n, '0x200000'],
    [-0x200000n, '-0x200000'],
    [{ virtual: 0xffffffff81e00ac0n }, '0xffffffff81e00ac0'],
    [{ physical: 0x1000 }, '0x1000'],
    [{ physical: 0 }, '0x0'],
  ])('prints the value %o as %s', (value, text) => {
    expect(format({ value }).value).toBe(text);
  });

  it('says of a place which memory it is of', () => {
    expect(format({ evidence: { virtual: 0xffffffff81e00ac0n } }).evidence).toBe(
      'virtual address 0xffffffff81e00ac0',
    );
    expect(format({ evidence: { physical: 0 } }).evidence).toBe('physical memory at 0x0');
  });
});
