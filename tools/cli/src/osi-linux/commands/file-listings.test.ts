import { createListing, OsiError } from '@osi-linux/core';
import type { Guest } from '@osi-linux/guest';
import { describe, expect, it } from 'vitest';
import type { ListingOptions } from '../command';
import { env } from './env';
import { files } from './files';
import { mounts } from './mounts';

const reason = new OsiError('PAGE_NOT_PRESENT', 'page not present');
const everything: ListingOptions = { pids: [], cpu: undefined, threads: false, ownRoot: false };

/** A guest that answers with given rows, and remembers the calls. */
function createGuest() {
  const asked: unknown[] = [];
  const fileRows = [
    { pid: 1, fd: 0, filename: 'pipe:[7]', pos: 0n, flags: 0x80002 },
    { pid: 10, tid: 11, fd: 3, filename: null, pos: 1n << 60n, flags: null },
  ];
  const envRows = [{ pid: 1, env: ['A=1', ''], cwd: '/', root: '/', exe: null }];
  const mountRow = { parent: 1, root: '/', mountpoint: '/', fstype: 'ext4', source: 'none' };
  const linux = {
    getFiles: (options: unknown) => {
      asked.push(options);
      return createListing(fileRows, [
        { subject: { kind: 'file-descriptor', pid: 10, fd: 3, field: 'filename' }, reason },
      ]);
    },
    getEnvironments: (options: unknown) => {
      asked.push(options);
      return createListing(envRows, []);
    },
    getMounts: (pid: number) => {
      asked.push(pid);
      return createListing([{ id: pid, ...mountRow }], []);
    },
    getProcesses: () => createListing([{ pid: 1 }, { pid: 2 }, { pid: 10 }], []),
  };
  return { asked, guest: { linux } as unknown as Guest };
}

describe('files', () => {
  it('prints the fields of the page on the command line, tid only where there is one', () => {
    const { guest, asked } = createGuest();
    const { rows, skipped } = files.list(guest, { ...everything, threads: true, ownRoot: false });
    expect(rows).toEqual([
      { pid: 1, fd: 0, filename: 'pipe:[7]', pos: 0, flags: '0x80002' },
      { pid: 10, tid: 11, fd: 3, filename: null, pos: '1152921504606846976', flags: null },
    ]);
    expect(skipped).toHaveLength(1);
    expect(asked).toEqual([{ pids: [], threads: true, ownRoot: false }]);
  });

  it('is complete for a process without files, and not for one that is not there', () => {
    const { guest } = createGuest();
    expect(files.list(guest, { ...everything, pids: [2] })).toEqual({ rows: [], skipped: [], findings: [] });
    const absent = files.list(guest, { ...everything, pids: [99] });
    expect(absent.skipped.map(({ reason: { code } }) => code)).toEqual(['PROCESS_UNKNOWN']);
  });

  it('names what is missing of the process that was asked for alone', () => {
    const { guest } = createGuest();
    expect(files.list(guest, { ...everything, pids: [1] }).skipped).toEqual([]);
    expect(files.list(guest, { ...everything, pids: [10] }).skipped).toHaveLength(1);
  });
});

describe('env', () => {
  it('prints the fields of the page on the command line', () => {
    const { rows } = env.list(createGuest().guest, everything);
    expect(rows).toEqual([{ pid: 1, env: ['A=1', ''], cwd: '/', root: '/', exe: null }]);
  });
});

describe('mounts', () => {
  it('are those of pid 1, or of the processes that are named', () => {
    const { guest, asked } = createGuest();
    expect(mounts.list(guest, everything).rows).toEqual([
      { id: 1, parent: 1, root: '/', mountpoint: '/', fstype: 'ext4', source: 'none' },
    ]);
    expect(mounts.list(guest, { ...everything, pids: [2, 10] }).rows.map(({ id }) => id)).toEqual([2, 10]);
    expect(asked).toEqual([1, 2, 10]);
  });
});
