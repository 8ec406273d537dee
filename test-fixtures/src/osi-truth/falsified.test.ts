import { createListing } from '@osi-linux/core';
import { describe, expect, it } from 'vitest';
import { falsified } from './falsified';

class Calls {
  private readonly truePid = 7;
  pid = () => this.truePid;
  parent() {
    return this.truePid - 1;
  }
  row() {
    return { pid: this.truePid, name: 'sh', asid: null, skipped: [] };
  }
  rows() {
    return createListing([1, 2], []);
  }
  bytes() {
    return Uint8Array.of(0, 0xf0);
  }
}

describe('a falsified object', () => {
  it('answers one call otherwise, and the rest as before', () => {
    const calls = falsified(new Calls(), 'parent');
    expect([calls.pid(), calls.parent()]).toEqual([7, 7]);
    expect(calls.row()).toEqual(new Calls().row());
  });

  it('changes every field of a row, drops a row of a listing, and turns bytes over', () => {
    expect(falsified(new Calls(), 'row').row()).toEqual({ pid: 8, name: 'sh?', asid: 1, skipped: [] });
    expect([...falsified(new Calls(), 'rows').rows()]).toEqual([2]);
    expect(falsified(new Calls(), 'rows').rows().skipped).toEqual([]);
    expect(falsified(new Calls(), 'bytes').bytes()).toEqual(Uint8Array.of(0xff, 0x0f));
  });
});
