import { describe, expect, it } from 'vitest';
import { nearestGroupNames, safeParseKeyFile } from '../index';

describe('nearestGroupNames', () => {
  it('puts the nearest name first', () => {
    const { file } = safeParseKeyFile('[ubuntu:5.4.0:64]\n[debian-11]\n[debian-12-amd64]\n');
    expect(nearestGroupNames(file, 'debian-12')).toEqual(['debian-11', 'debian-12-amd64', 'ubuntu:5.4.0:64']);
  });

  it('does not take long over a file with more and longer names than anybody has', () => {
    const header = (index: number): string => `[${index}${'x'.repeat(500)}]\n`;
    const { file } = safeParseKeyFile(Array.from({ length: 20_000 }, (_, index) => header(index)).join(''));
    const started = performance.now();
    expect(nearestGroupNames(file, 'y'.repeat(100_000))).toHaveLength(50);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
