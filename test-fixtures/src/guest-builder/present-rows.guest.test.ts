import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KERNELINFO_SOURCES } from './guest-kit';

/** A kernel of one structure. */
const HEADERS = `#include <stddef.h>
struct task_struct { int pid; int tgid; };
`;

describe('present-rows.sh', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'osi-linux-rows-'));
    for (const file of ['row-trial.c', 'present-rows.sh']) {
      cpSync(join(KERNELINFO_SOURCES, file), join(folder, file));
    }
    writeFileSync(join(folder, 'kernelinfo-headers.h'), HEADERS);
    for (const file of ['kernelinfo.h', 'made-up.h']) writeFileSync(join(folder, file), '');
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('finds the rows that compile', () => {
    const rows = [
      'OFFSET("task.pid_offset", struct task_struct, pid);',
      'OFFSET("task.comm_offset", struct task_struct, comm);',
      'ADDRESS("task.init_addr", &init_task);',
      'SIZE("task.size", struct task_struct);',
      'PROBED("path.mnt_parent_offset", mounts.parent);',
    ];
    expect(present(rows)).toEqual([1, 0, 0, 1, 1]);
  });

  it('takes the first row of a key that compiles', () => {
    const rows = [
      'OFFSET("task.pid_offset", struct task_struct, tid);',
      'OFFSET("task.pid_offset", struct task_struct, pid);',
      'OFFSET("task.pid_offset", struct task_struct, tgid);',
      'ADDRESS_COMMENT("#task.pid_offset", 0);',
    ];
    expect(present(rows)).toEqual([0, 1, 0, 1]);
  });

  it('sees the rows that the compiler sees: not those of a comment, but indented ones', () => {
    const rows = [
      '/*',
      'OFFSET("task.pid_offset", struct task_struct, pid);',
      '*/',
      '\tOFFSET("task.pid_offset", struct task_struct, tgid); /* SIZE("task.size", int) */',
      '#if 0',
      'SIZE("task.size", struct task_struct);',
      '#endif',
    ];
    expect(present(rows)).toEqual([undefined, undefined, undefined, 1, undefined, undefined, undefined]);
  });

  it('sees a row that is longer than a line', () => {
    const rows = ['SIZE("task.size",', '\tstruct task_struct);', 'SIZE("mm.size",', '\tstruct mm_struct);'];
    expect(present(rows).filter((value) => value !== undefined)).toEqual([1, 0]);
  });

  it('refuses an error that is in no row', () => {
    const { status, stderr } = run(['SIZE("task.size", struct task_struct);', 'int other = no_such_name;']);
    expect(status).not.toBe(0);
    expect(stderr).toContain('is in none of its rows');
  });

  it.each([
    ['every row fails', 'struct task_struct { int tgid; };\n'],
    ['every row compiles', `${HEADERS}#define no_such_member pid\n`],
  ])('refuses headers with which %s', (_, headers) => {
    writeFileSync(join(folder, 'kernelinfo-headers.h'), headers);
    const { status, stderr } = run(['SIZE("task.size", struct task_struct);']);
    expect(status).not.toBe(0);
    expect(stderr).toContain('does not work');
  });

  function run(rows: readonly string[]): { status: number | null; stderr: string } {
    writeFileSync(join(folder, 'kernelinfo-rows.h'), `${rows.join('\n')}\n`);
    const script = 'gcc -E -o row-trial.i row-trial.c && sh present-rows.sh row-trial.i present.h gcc';
    return spawnSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' });
  }

  /** For each line 1 or 0, or `undefined` where there is no row. */
  function present(rows: readonly string[]): (number | undefined)[] {
    const { status, stderr } = run(rows);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const text = readFileSync(join(folder, 'present.h'), 'utf8');
    const found = new Map(
      [...text.matchAll(/^#define ROW_PRESENT_(\d+) ([01])$/gm)].map(([, line, is]) => [line, is]),
    );
    return rows.map((_, at) => {
      const value = found.get(String(at + 1));
      return value === undefined ? undefined : Number(value);
    });
  }
});
