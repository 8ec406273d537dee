import { describe, expect, it } from 'vitest';
import { findInconsistencies, type Listings } from './self-consistency';

const sound: Listings = {
  ps: [
    { pid: 0, ppid: 0, name: 'swapper/0', taskd: '0x1' },
    { pid: 1, ppid: 0, name: 'init', taskd: '0x2' },
    { pid: 7, ppid: 1, name: 'sh', taskd: '0x3' },
  ],
  threads: [
    { pid: 1, tid: 1, name: 'init', taskd: '0x2' },
    { pid: 7, tid: 7, name: 'sh', taskd: '0x3' },
    { pid: 7, tid: 8, name: 'worker', taskd: '0x4' },
  ],
  current: [
    { cpu: 0, pid: 7, tid: 8, name: 'worker', taskd: '0x4' },
    { cpu: 1, pid: 0, tid: 0, name: 'swapper/1', taskd: '0x5' },
  ],
};

describe('findInconsistencies', () => {
  it('has nothing to say of sound listings', () => {
    expect(findInconsistencies(sound)).toEqual([]);
  });

  it.each<[string, Partial<Listings>]>([
    ['pid 0 is not the first', { ps: [...sound.ps].reverse() }],
    ['pid 1: its parent is 7, expected 0', { ps: sound.ps.map((row) => (row['pid'] === 1 ? { ...row, ppid: 7 } : row)) }],
    ['pid 7 has more than one row', { ps: [...sound.ps, ...sound.ps.slice(2)] }],
    ['tid 8 has more than one row', { threads: [...sound.threads, ...sound.threads.slice(2)] }],
    ['pid 7: its own thread is not listed', { threads: sound.threads.filter(({ tid }) => tid !== 7) }],
    [
      'pid 7: its own thread has another name or address',
      { ps: sound.ps.map((row) => (row['pid'] === 7 ? { ...row, name: 'bash' } : row)) },
    ],
    ['tid 8: its process 7 is not listed', { ps: sound.ps.slice(0, 2) }],
    ['cpu 0: tid 8 is not listed', { threads: sound.threads.slice(0, 2) }],
    [
      'cpu 0: tid 8 is listed with another process, name or address',
      { current: [{ ...sound.current[0], taskd: '0x9' }] },
    ],
    ['cpu 1: its idle task is "swapper/0"', { current: [{ ...sound.current[1], name: 'swapper/0' }] }],
  ])('says: %s', (sentence, changed) => {
    expect(findInconsistencies({ ...sound, ...changed })).toContain(sentence);
  });
});
