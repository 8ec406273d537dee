import { BytesSource, type Dump, openDump } from '@osi-linux/memory';
import { describe, expect, it } from 'vitest';
import { comparePages, explainNulls } from './dump-comparison';

function rawDump(pages: number, change?: (bytes: Uint8Array) => void): Dump {
  const bytes = new Uint8Array(4096 * pages);
  bytes.fill(7, 0, 4096);
  change?.(bytes);
  return openDump(new BytesSource(bytes), { format: 'raw' });
}

describe('the comparison of two dumps', () => {
  it('finds each page that is another', () => {
    const other = rawDump(20, (bytes) => bytes.fill(1, 4095, 4097));
    expect(comparePages(rawDump(20), rawDump(20), 20)).toEqual({ same: 20, different: [], holes: {} });
    expect(comparePages(rawDump(20), other, 20)).toEqual({ same: 18, different: [0, 1], holes: {} });
  });

  it('counts what is missing by its reason, and where it has to be zero as another page', () => {
    const whole = rawDump(20, (bytes) => bytes.fill(1, 4096 * 19));
    const short = rawDump(18);
    expect(comparePages(whole, short, 20)).toEqual({ same: 18, different: [], holes: { PHYSICAL_HOLE: 2 } });
    expect(comparePages(whole, short, 20, true)).toEqual({
      same: 18,
      different: [19],
      holes: { PHYSICAL_HOLE: 1 },
    });
  });
});

describe('the comparison of a listing with one without user pages', () => {
  const whole = JSON.stringify([{ pid: 1, name: 'init', cmdline: ['init'] }]);
  const without = (row: object) => JSON.stringify([{ pid: 1, name: 'init', cmdline: null, ...row }]);
  const named =
    'pid 1: cmdline: physical 0x1000 is not in the dump: the page was left out when the dump was written (dump level 31)\n';

  it('allows arguments and environments that are missing and named', () => {
    expect(explainNulls(whole, whole, '')).toEqual([]);
    expect(explainNulls(whole, without({}), named)).toEqual([]);
  });

  it('allows nothing else', () => {
    expect(explainNulls(whole, without({}), '')).toHaveLength(1);
    expect(explainNulls(whole, without({}), named.replace('pid 1', 'pid 2'))).toHaveLength(1);
    expect(explainNulls(whole, without({ cmdline: [] }), named)).toHaveLength(1);
    expect(explainNulls(whole, without({ name: null }), named)).toHaveLength(1);
    expect(explainNulls(whole, '[]', named)).toEqual(['0 rows instead of 1']);
  });
});
