import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KERNELINFO_SCHEMA } from '@osi-linux/kconf';
import { describe, expect, it } from 'vitest';
import { formatKernelInfoKeys } from './kernelinfo-keys';
import { findModuleGaps, readModuleRows } from './kernelinfo-keys-module';
import { repository } from './workspace';

describe('docs/kernelinfo-keys.md', () => {
  it('is what the schema says; `vitest -u` writes it', async () => {
    await expect(formatKernelInfoKeys(KERNELINFO_SCHEMA)).toMatchFileSnapshot(
      '../../../docs/kernelinfo-keys.md',
    );
  });

  it('has every key once, in a row with as many cells as the head', () => {
    const lines = formatKernelInfoKeys(KERNELINFO_SCHEMA).split('\n');
    const rows = lines.filter((line) => line.startsWith('| `'));
    expect(rows.map((line) => /^\| `([^`]*)`/.exec(line)?.[1])).toEqual(
      [...KERNELINFO_SCHEMA].sort(byGroup).map(({ key }) => key),
    );
    for (const line of rows) expect(line.split(/(?<!\\)\|/), line).toHaveLength(8);
  });

  function byGroup(a: { key: string }, b: { key: string }): number {
    const groups = [...new Set(KERNELINFO_SCHEMA.map(({ key }) => groupOf(key)))];
    return groups.indexOf(groupOf(a.key)) - groups.indexOf(groupOf(b.key));
  }

  function groupOf(key: string): string {
    return !key.includes('.') || key.startsWith('version.') ? 'name' : (key.split('.')[0] ?? '');
  }
});

/** Keys that other programs print or people write. */
const UNPRINTED = [
  'arch', // by hand
  'task.switch_task_hook_addr', // by hand
  'task.task_offset', // PANDA 1
  'task.next_task_offset', // Linux 2.4
  'task.leader_offset', // Linux 2.4
  'task.p_opptr_offset', // Linux 2.4
  'task.p_pptr_offset', // Linux 2.4
  'fs.f_dentry_offset', // Linux 2.4
  'fs.f_vfsmnt_offset', // Linux 2.4
  ...KERNELINFO_SCHEMA.filter(({ typesAlone }) => typesAlone).map(({ key }) => key),
];

function readModule(): string {
  const folder = join(repository, 'kernelinfo-module');
  const names = readdirSync(folder).filter((name) => /\.[ch]$/.test(name) && !/present/.test(name));
  return names.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
}

describe('the kernel module', () => {
  const source = readModule();

  it('prints the keys of the schema, and no others', () => {
    expect(findModuleGaps(readModuleRows(source), KERNELINFO_SCHEMA, UNPRINTED)).toEqual([]);
  });

  it('has as many rows as lines that begin like one', () => {
    const lines = source.split('\n').filter((line) => /^[A-Z_]+\("#?[a-z][\w.]*"/.test(line));
    expect(readModuleRows(source)).toHaveLength(lines.length);
    expect(lines.length).toBeGreaterThan(60);
  });

  it.each([
    ['a key without a schema row', 'CONSTANT("task.new", 1)', /task\.new is in no schema row/],
    ['a key that is printed directly', '\tprintk(KERN_INFO "x.y = %d\\n", 1);', /x\.y is in no schema row/],
    ['another kind', 'SIZE("task.pid_offset", struct task_struct)', /task\.pid_offset is of kind offset/],
    [
      'a historical key',
      'OFFSET("task.leader_offset", struct task_struct, leader)',
      /said not to be printed/,
    ],
  ])('would be caught with %s', (_, line, expected) => {
    const rows = readModuleRows(`${source}\n${line}\n`);
    expect(findModuleGaps(rows, KERNELINFO_SCHEMA, UNPRINTED).join('\n')).toMatch(expected);
  });

  it.each([
    ['a row taken away', 'OFFSET("task.pid_offset", struct task_struct, pid)', ''],
    ['another member', 'struct task_struct, pid)', 'struct task_struct, tgid)'],
    ['a row that is only a comment now', 'ADDRESS("task.init_addr"', 'ADDRESS_COMMENT("#task.init_addr"'],
  ])('would be caught with %s', (_, before, after) => {
    expect(source).toContain(before);
    const rows = readModuleRows(source.replace(before, after));
    expect(findModuleGaps(rows, KERNELINFO_SCHEMA, UNPRINTED)).toHaveLength(1);
  });
});
