import { OsiError, type Skipped } from '@osi-linux/core';
import { describe, expect, it } from 'vitest';
import { splitMissingKeys } from './missing-keys';

const lacks = (key: string) =>
  new OsiError('PROFILE_KEY_MISSING', `the profile has no ${key}`, { fields: { key } });
const hole = new OsiError('PHYSICAL_HOLE', 'not in the dump');
const ofPid = (pid: number, field: string, reason: OsiError): Skipped => ({
  subject: { kind: 'process', pid, field },
  reason,
});

describe('splitMissingKeys', () => {
  it('names each column once, with its keys, and leaves the rest as it is', () => {
    const read = ofPid(3, 'cmdline', hole);
    const env = lacks('mm.env_start_offset');
    const rows = [1, 2].flatMap((pid) => [ofPid(pid, 'env', env), ofPid(pid, 'fs', lacks('task.fs_offset'))]);
    expect(splitMissingKeys([...rows, read])).toEqual({
      unread: [read],
      note: 'columns that the profile cannot fill: env (no mm.env_start_offset), cwd (no task.fs_offset), root (no task.fs_offset)',
    });
  });

  it('finds the key below other reasons', () => {
    const outer = new OsiError('STRUCT_IMPLAUSIBLE', 'no path', { cause: lacks('path.d_sb_offset') });
    const skipped: Skipped = { subject: { kind: 'mapping', base: 0n, field: 'file' }, reason: outer };
    expect(splitMissingKeys([skipped]).note).toBe(
      'columns that the profile cannot fill: file (no path.d_sb_offset)',
    );
  });

  it('states where paths begin without a root directory', () => {
    const skipped: Skipped = { subject: { kind: 'reader-root' }, reason: lacks('task.fs_offset') };
    expect(splitMissingKeys([skipped])).toEqual({
      unread: [],
      note: 'paths begin at the top of their mount tree (no task.fs_offset)',
    });
  });

  it('names the listing instead of its first row', () => {
    const reason = lacks('task.current_task_addr');
    const cpus = [0, 1].map((cpu): Skipped => ({ subject: { kind: 'cpu', cpu }, reason }));
    expect(splitMissingKeys(cpus).unread).toEqual([
      { subject: { kind: 'list', name: 'current tasks' }, reason },
    ]);
  });

  it('keeps a list that is missing for every process, once', () => {
    const reason = lacks('task.thread_group_offset');
    const lists = [1n, 2n].map(
      (address): Skipped => ({ subject: { kind: 'list', name: 'threads', address }, reason }),
    );
    expect(splitMissingKeys(lists)).toEqual({
      unread: [{ subject: { kind: 'list', name: 'threads' }, reason }],
      note: undefined,
    });
  });
});
