import { afterEach, describe, expect, it, vi } from 'vitest';
import { propertyRuns } from './property-runs';

describe('propertyRuns', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it.each([
    ['', 20, 1],
    ['1', 20, 20],
    ['3', 20, 60],
    ['0.01', 20, 1],
    ['many', 20, 20],
  ])('with the factor %j makes %i runs %i', (factor, runs, expected) => {
    vi.stubEnv('OSI_LINUX_PROPERTY_FACTOR', factor);
    expect(propertyRuns(runs)).toBe(expected);
  });

  it('leaves runs as they are without a factor', () => {
    vi.stubEnv('OSI_LINUX_PROPERTY_FACTOR', undefined);
    expect(propertyRuns(20)).toBe(20);
  });
});
