import { OsiError } from '@osi-linux/core';
import { describe, expect, it } from 'vitest';
import { CallLog, Refused } from './call-log';

function refuse(code: string): never {
  throw new OsiError(code, `no: ${code}`);
}

describe('a log of calls', () => {
  it('counts what is compared, and tells what differs', () => {
    const log = new CallLog();
    log.compare('getProcessPid', 'pid 7', 7, () => 7);
    log.compare('getProcessPid', 'pid 8', 8, () => 9);
    log.compare('getProcMem', 'pid 7', { brk: 0x10n }, () => undefined);
    expect(Object.fromEntries(log.counts)).toEqual({ getProcessPid: 2, getProcMem: 1 });
    expect(log.differences).toEqual([
      'getProcessPid(pid 8): expected 8, received 9',
      'getProcMem(pid 7): expected {"brk":"0x10"}, received undefined',
    ]);
  });

  it('takes an error for an answer, where that one is expected', () => {
    const log = new CallLog();
    log.compare('write', 'dump', new Refused('MEMORY_READ_ONLY'), () => refuse('MEMORY_READ_ONLY'));
    expect(log.differences).toEqual([]);
    log.compare('write', 'dump', new Refused('MEMORY_READ_ONLY'), () => refuse('PHYSICAL_HOLE'));
    log.compare('write', 'dump', new Refused('MEMORY_READ_ONLY'), () => undefined);
    log.compare('read', 'hole', 1, () => refuse('PHYSICAL_HOLE'));
    expect(log.differences).toHaveLength(3);
  });

  it('does not swallow what is no answer', () => {
    const ask = () => {
      throw new TypeError('a bug');
    };
    expect(() => new CallLog().compare('read', 'bug', 1, ask)).toThrow('a bug');
  });
});
