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

/** The same with symbols; only `hidden` is not exported. */
const SYMBOLS = `${HEADERS}
extern struct task_struct init_task, hidden, made_up_task;
extern int ki_levels(void);
static inline struct task_struct *deeply_hidden(void) { return &hidden; }
`;
const EXPORTS =
  '0x00000000\tinit_task\tvmlinux\tEXPORT_SYMBOL\n0x7c3a1a06\tother\tvmlinux\tEXPORT_SYMBOL_GPL\t\n';

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

  it('sees which rows name a symbol that the kernel does not export, and which symbol', () => {
    const rows = [
      'ADDRESS("task.init_addr", &init_task);',
      'ADDRESS("task.current_task_addr", &hidden);',
      'CONSTANT("version.a", deeply_hidden()->tgid);',
      'TEXT("name", "%d|%d", init_task.pid, hidden.pid);',
      'SIZE("task.size", hidden);',
      'ADDRESS("uts.init_addr", &no_such_symbol);',
    ];
    withSymbols();
    expect(present(rows, EXPORTS)).toEqual([1, 2, 2, 2, 1, 0]);
    expect(symbols()).toEqual({ 2: 'hidden', 3: 'hidden', 4: 'hidden' });
  });

  it('does not ask the kernel for what is of the module itself', () => {
    const rows = [
      'ADDRESS("task.init_addr", &made_up_task);',
      'CONSTANT("kernel.pgtable_levels", ki_levels());',
    ];
    withSymbols();
    expect(present(rows, EXPORTS)).toEqual([1, 1]);
  });

  it('takes no other row of a key whose symbol is not exported: it may be of another kernel', () => {
    const rows = [
      'ADDRESS("task.current_task_addr", &hidden);',
      'ADDRESS("task.current_task_addr", &init_task);',
    ];
    withSymbols();
    expect(present(rows, EXPORTS)).toEqual([2, 0]);
  });

  it.each([
    ['there is no list of them', undefined],
    ['the list is not of the kernel itself', '0x00000000\tother\tdrivers/other\tEXPORT_SYMBOL\n'],
  ])('takes all symbols to be exported where %s', (_, exports) => {
    withSymbols();
    expect(present(['ADDRESS("task.current_task_addr", &hidden);'], exports)).toEqual([1]);
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

  function withSymbols(): void {
    writeFileSync(join(folder, 'kernelinfo-headers.h'), SYMBOLS);
  }

  function run(rows: readonly string[], exports?: string): { status: number | null; stderr: string } {
    writeFileSync(join(folder, 'kernelinfo-rows.h'), `${rows.join('\n')}\n`);
    if (exports !== undefined) writeFileSync(join(folder, 'Module.symvers'), exports);
    const symvers = exports === undefined ? '""' : 'Module.symvers';
    const script = `gcc -E -o row-trial.i row-trial.c && sh present-rows.sh row-trial.i present.h ${symvers} objdump gcc -O2`;
    return spawnSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' });
  }

  /** Line -> the symbol of its row that is not exported. */
  function symbols(): Record<string, string> {
    const text = readFileSync(join(folder, 'present.h'), 'utf8');
    return Object.fromEntries(
      [...text.matchAll(/^#define ROW_SYMBOL_(\d+) "(\w+)"$/gm)].map(([, line = '', name = '']) => [
        line,
        name,
      ]),
    );
  }

  /** For each line 1, 0 or 2, or `undefined` if there is no row. */
  function present(rows: readonly string[], exports?: string): (number | undefined)[] {
    const { status, stderr } = run(rows, exports);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const text = readFileSync(join(folder, 'present.h'), 'utf8');
    const found = new Map(
      [...text.matchAll(/^#define ROW_PRESENT_(\d+) ([012])$/gm)].map(([, line, is]) => [line, is]),
    );
    return rows.map((_, at) => {
      const value = found.get(String(at + 1));
      return value === undefined ? undefined : Number(value);
    });
  }
});
