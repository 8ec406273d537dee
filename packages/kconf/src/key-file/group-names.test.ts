import { processorTime } from '@osi-linux/test-fixtures/expect';
import { describe, expect, it } from 'vitest';
import { nearestGroupNames, safeParseKeyFile } from '../index';

describe('nearestGroupNames', () => {
  it('puts the nearest name first', () => {
    const { file } = safeParseKeyFile('[ubuntu:5.4.0:64]\n[debian-11]\n[debian-12-amd64]\n');
    expect(nearestGroupNames(file, 'debian-12')).toEqual(['debian-11', 'debian-12-amd64', 'ubuntu:5.4.0:64']);
  });

  it('takes bounded work for a file with more and longer names than anybody has', () => {
    const header = (index: number): string => `[${index}${'x'.repeat(500)}]\n`;
    const { file } = safeParseKeyFile(Array.from({ length: 20_000 }, (_, index) => header(index)).join(''));
    let names: readonly string[] = [];
    const spent = processorTime(() => {
      names = nearestGroupNames(file, 'y'.repeat(100_000));
    });
    expect(names).toHaveLength(50);
    expect(spent).toBeLessThan(5000);
  });
});
