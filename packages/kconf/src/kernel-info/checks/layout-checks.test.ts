import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createGroup, findKernelInfoBlock, type KconfIssue, safeParseKernelInfo } from '../../index';

const LOG = new URL('../../../../../test-fixtures/logs/debian-6.1-amd64.log', import.meta.url);
const real = findKernelInfoBlock(readFileSync(LOG, 'utf8')).lines;

/** The findings in the section of a real guest with some values changed; `undefined` takes a key away. */
function findings(changes: Readonly<Record<string, string | undefined>>): readonly KconfIssue[] {
  const lines = real.flatMap(({ line, text }) => {
    const key = text.split(' = ')[0] ?? '';
    if (text.startsWith('#') || !(key in changes)) return [{ line, text }];
    return changes[key] === undefined ? [] : [{ line, text: `${key} = ${changes[key]}` }];
  });
  return safeParseKernelInfo(createGroup('g', 1, lines)).issues;
}
const lineOf = (key: string): number => real.find(({ text }) => text.startsWith(`${key} = `))?.line ?? 0;

describe('the layout of structures', () => {
  it('of a real kernel has no finding', () => {
    expect(findings({})).toEqual([]);
  });

  it.each([
    ['a member at the end of its structure', 'task.comm_offset', '9792', /outside its structure: task\.size/],
    ['a member that ends behind it', 'mm.env_end_offset', '1092', /outside its structure: mm\.size is 1096/],
    ['a list head whose second half is outside', 'task.tasks_offset', '9784', /outside/],
    ['a pointer off its alignment', 'vma.vm_file_offset', '116', /116, expected a multiple of 8/],
    ['an int off its alignment', 'task.exit_state_offset', '2310', /2310, expected a multiple of 4/],
    ['two pointers in one place', 'task.parent_offset', '2432', /overlaps task\.real_parent_offset, 2432/],
    ['two numbers in one place', 'task.tgid_offset', '2416', /overlaps task\.pid_offset, 2416, in line/],
    ['a pointer in a list head', 'task.mm_offset', '2200', /overlaps task\.tasks_offset, 2192/],
    ['a number in a name', 'task.exit_state_offset', '2988', /overlaps task\.comm_offset/],
    [
      'a pointer in the name of a directory entry',
      'path.d_op_offset',
      '40',
      /overlaps path\.d_name_offset, 32/,
    ],
    [
      'negative offsets in one place',
      'path.mnt_mountpoint_offset',
      '-16',
      /overlaps path\.mnt_parent_offset/,
    ],
  ])('finds %s', (_what, key, value, message) => {
    const issues = findings({ [key]: value }).filter((issue) => issue.severity === 'error');
    expect(
      issues.some((issue) => message.test(issue.message)),
      JSON.stringify(issues),
    ).toBe(true);
    expect(issues.some((issue) => issue.line === lineOf(key))).toBe(true);
  });

  it('lets a member end where its structure and the next member begin', () => {
    expect(findings({ 'mm.env_end_offset': '1088', 'task.exit_state_offset': '2972' })).toEqual([]);
  });

  it('keeps structures apart', () => {
    expect(findings({ 'cred.uid_offset': '72', 'mm.pgd_offset': '72' })).toEqual([]);
  });

  it('lets the members of a union share their place, and no others', () => {
    const shared = ['vma.anon_name_offset = 40', 'vma.shared_offset = 40'];
    const other = ['vma.vm_pgoff_offset = 40', 'vma.shared_offset = 40'];
    const errors = (rows: readonly string[]) => {
      const text = [...rows, 'name = 6.1.0|#1|x86_64'];
      const lines = text.map((each, index) => ({ line: index + 2, text: each }));
      return safeParseKernelInfo(createGroup('g', 1, lines)).issues.filter(({ message }) =>
        message.includes('overlaps'),
      );
    };
    expect(errors(shared)).toEqual([]);
    expect(errors(other)).toHaveLength(1);
  });

  it('takes words of 32 bits where the machine has them', () => {
    const lines = ['name = 3.2.0|#1|i686', 'task.parent_offset = 308', 'task.real_parent_offset = 304'];
    const issues = (text: readonly string[]) =>
      safeParseKernelInfo(
        createGroup(
          'g',
          1,
          text.map((each, index) => ({ line: index + 2, text: each })),
        ),
      ).issues.filter(({ severity }) => severity === 'error');
    expect(issues(lines)).toEqual([]);
    const wide = issues(['name = 3.2.0|#1|x86_64', ...lines.slice(1)]);
    expect(wide.map(({ key }) => key)).toEqual(['task.parent_offset', 'task.real_parent_offset']);
  });
});
