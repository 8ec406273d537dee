import { OsiError } from '@osi-linux/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSystemMap } from './system-map';

const LIST = [
  '0000000000000000 A fixed_percpu_data',
  '000000000001fb80 D current_task',
  'ffffffff81000000 T _stext',
  'ffffffff82613780 D init_task',
  'a line of another program',
  'ffffffffc0001000 t fuse_init\t[fuse]',
  'ffffffffc0002000 t _stext [other]',
].join('\n');

describe('parseSystemMap', () => {
  it('finds the first of several symbols of one name', () => {
    const found = parseSystemMap(LIST).lookup(['_stext', 'init_task', 'current_task', 'nothing']);
    expect(found).toEqual(
      new Map([
        ['current_task', 0x1fb80n],
        ['_stext', 0xffffffff81000000n],
        ['init_task', 0xffffffff82613780n],
      ]),
    );
  });

  it('gives every line with its letter and module', () => {
    const all = [...parseSystemMap(new TextEncoder().encode(LIST)).each()];
    expect(all.length).toBe(6);
    expect(all[4]).toEqual({ name: 'fuse_init', type: 't', address: 0xffffffffc0001000n, module: 'fuse' });
  });

  it('moves the image, and neither modules nor per-CPU variables', () => {
    const symbols = parseSystemMap(LIST, { kaslrShift: 0x32000000n });
    const found = symbols.lookup(['_stext', 'current_task', 'fuse_init']);
    expect([...found.values()]).toEqual([0x1fb80n, 0xffffffffb3000000n, 0xffffffffc0001000n]);
    expect(
      parseSystemMap('c1000000 T _stext\n', { kaslrShift: 0x200000n }).lookup(['_stext']).get('_stext'),
    ).toBe(0xc1200000n);
  });

  it('takes any text or refuses it', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0f T\n[a]_\t') }), (text) => {
        try {
          for (const { address } of parseSystemMap(text).each()) expect(typeof address).toBe('bigint');
        } catch (error) {
          if (!OsiError.is(error)) throw error;
        }
      }),
    );
  });
});
