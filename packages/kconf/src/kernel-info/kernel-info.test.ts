import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  createGroup,
  findKernelInfoBlock,
  findSchemaRow,
  KERNELINFO_SCHEMA,
  parseKernelInfo,
  safeParseKernelInfo,
} from '../index';

const LOGS = new URL('../../../../test-fixtures/logs/', import.meta.url);
const readLog = (name: string): string => readFileSync(new URL(name, LOGS), 'utf8');
const real = findKernelInfoBlock(readLog('debian-6.1-amd64.log'));
const section = (...lines: string[]) =>
  createGroup(
    'g',
    1,
    lines.map((text, index) => ({ line: index + 2, text })),
  );
/** The section of the real guest with one line changed. */
const changed = (from: RegExp, to: string) =>
  createGroup(
    'g',
    1,
    real.lines.map(({ line, text }) => ({ line, text: from.test(text) ? to : text })),
  );
const findings = (group: ReturnType<typeof section>, severity: string): (string | undefined)[] =>
  safeParseKernelInfo(group)
    .issues.filter((issue) => issue.severity === severity)
    .map(({ key }) => key);

describe('parseKernelInfo', () => {
  it('reads the section of a real guest', () => {
    const info = parseKernelInfo(createGroup('g', 1, real.lines));
    expect(info['name']).toBe('6.1.0-56-amd64|#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)|x86_64');
    expect(info['task.init_addr']).toBe(0xffffffff8f81aa40n);
    expect(info['task.tasks_offset']).toBe(2192);
    expect(info['path.mnt_parent_offset']).toBe(-16);
    expect(info['kernel.phys_base']).toBe(-41943040);
    expect(info['mm.mmap_offset']).toBeUndefined();
  });

  it('has no finding in it, and knows every key that the module prints', () => {
    expect(safeParseKernelInfo(createGroup('g', 1, real.lines)).issues).toEqual([]);
  });

  it('refuses what is wrong, and what is missing unless that is allowed', () => {
    expect(() => parseKernelInfo(section('task.size = x'))).toThrow(
      expect.objectContaining({ code: 'KERNELINFO_INVALID' }),
    );
    const short = section('task.size = 1060');
    expect(() => parseKernelInfo(short)).toThrow(expect.objectContaining({ code: 'KERNELINFO_INCOMPLETE' }));
    expect(parseKernelInfo(short, { allowIncomplete: true })).toEqual({ 'task.size': 1060 });
  });
});

describe('a name that is cut off', () => {
  it.each([
    ['name = 5.0.0-23-generic|#24~18.04.1-Ubuntu SMP Mon Jul 29 16:12:2', ['name']],
    ['name = 5.0.0-23-generic|#24~18.04.1-Ubuntu SMP|x86_64', []],
    ['name = #1 SMP Debian 3.2.51-1 i686', []],
  ])('is an error: %s', (line, keys) => {
    expect(findings(section(line), 'error')).toEqual(keys);
  });
});

describe('the sound values of a section', () => {
  it('are all but those that an error names, under any of their names', () => {
    const { info, sound } = safeParseKernelInfo(
      section('version.a = 5', 'task.init_addr = 4', 'file.f_path_mnt_offset = 17', 'task.comm_size = 16'),
    );
    expect(Object.keys(info)).toEqual([
      'version.a',
      'task.init_addr',
      'fs.f_path_mnt_offset',
      'task.comm_size',
    ]);
    expect(Object.keys(sound)).toEqual(['version.a', 'task.comm_size']);
  });

  it('are neither of two that overlap, as either may be wrong', () => {
    const group = changed(/^cred\.gid_offset/, 'cred.gid_offset = 8');
    const { sound, issues } = safeParseKernelInfo(group);
    expect(issues).toMatchObject([
      { key: 'cred.gid_offset', otherKey: 'cred.uid_offset', severity: 'error' },
    ]);
    expect([sound['cred.uid_offset'], sound['cred.gid_offset'], sound['cred.euid_offset']]).toEqual([
      undefined,
      undefined,
      expect.any(Number),
    ]);
  });
});

describe('generations', () => {
  it("reads PANDA 1 under today's names", () => {
    const block = findKernelInfoBlock(readLog('panda1-complete.log'));
    const { info, generation, issues } = safeParseKernelInfo(createGroup('g', 1, block.lines));
    expect(generation).toBe('panda1');
    expect(issues.filter(({ severity }) => severity !== 'warning')).toEqual([]);
    expect(info['path.d_name_offset']).toBe(20);
    expect(info['fs.f_path_dentry_offset']).toBe(12);
    expect(info['task.task_offset']).toBe(0);
  });

  it('reads 2.4 by its own names', () => {
    const { info, generation } = safeParseKernelInfo(
      section('version.a = 2', 'version.b = 4', 'fs.f_dentry_offset = 8'),
    );
    expect([generation, info['fs.f_dentry_offset'], info['fs.f_path_dentry_offset']]).toEqual([
      'linux24',
      8,
      undefined,
    ]);
  });

  it.each([
    ['current', ['version.a = 5'], 54 - 1],
    ['linux24', ['version.a = 2', 'version.b = 4'], 40 - 2],
    ['panda1', ['task.task_offset = 0'], 38 - 1],
  ])('%s lacks its required keys', (generation, lines, count) => {
    const result = safeParseKernelInfo(section(...lines));
    expect(result.generation).toBe(generation);
    expect(result.issues.filter(({ severity }) => severity === 'incomplete').length).toBe(count);
  });

  it('lets the new name win over the old one', () => {
    for (const lines of [
      ['path.d_name_offset = 1', 'fs.d_name_offset = 2'],
      ['fs.d_name_offset = 2', 'path.d_name_offset = 1'],
    ]) {
      const { info, issues } = safeParseKernelInfo(section(...lines));
      expect(info['path.d_name_offset']).toBe(1);
      expect(issues.some(({ message }) => message.includes('contradicts'))).toBe(true);
    }
  });
});

describe('values', () => {
  it.each([
    ['task.init_addr', '18446744071601993600', 0xffffffff82613780n, 0],
    ['task.init_addr', '0xFFFFFFFF82613780', 0xffffffff82613780n, 1],
    ['task.init_addr', '18446744071601993600 # x', 0xffffffff82613780n, 1],
    ['task.init_addr', '18446744071601993600 ', 0xffffffff82613780n, 1],
    ['task.init_addr', '-16', 0xfffffffffffffff0n, 1],
    ['task.pid_offset', '+16', 16, 0],
    ['path.d_iname_offset', '010', 10, 0],
    ['task.pid_offset', '0x10', 16, 1],
    ['path.d_iname_offset', '5 # five', 5, 1],
    ['task.pid_offset', '', undefined, 1],
    ['mm.mmap_offset', '-1', undefined, 1],
    ['path.mnt_parent_offset', '-16', -16, 0],
    ['kernel.phys_base', '-679477248', -679477248, 0],
    ['kernel.phys_base', '-1', -1, 0],
    ['name', '#1 SMP\\sDebian', '#1 SMP Debian', 0],
  ])('are read: %s = %j', (key, text, expected, warnings) => {
    const group = section(`${key} = ${text}`);
    expect(safeParseKernelInfo(group).info[key as 'name']).toEqual(expected);
    expect(findings(group, 'warning').length).toBe(warnings);
    expect(findings(group, 'error')).toEqual([]);
  });

  it.each([
    ['task.pid_offset', 'None'],
    ['task.pid_offset', '5.0'],
    ['task.pid_offset', '5#five'],
    ['task.pid_offset', '1096task.tgid_offset = 1100'],
    ['task.pid_offset', '2147483648'],
    ['task.pid_offset', '-8'],
    ['task.size', '0'],
    ['task.init_addr', '18446744073709551616'],
    ['task.init_addr', '5 x'],
    ['task.init_addr', '9'.repeat(1_000_000)],
    ['kernel.phys_base', '9007199254740992'],
    ['name', 'a\\q'],
    ['name', 'a\\'],
  ])('are refused: %s, case %#', (key, text) => {
    expect(findings(section(`${key} = ${text}`), 'error')).toEqual([key]);
  });
});

describe('checks', () => {
  it.each([
    ['a comm_size that cannot be', /^task\.comm_size/, 'task.comm_size = 2976', 'task.comm_size'],
    [
      'a twin with another value',
      /^#task\.init_addr/,
      '#task.init_addr = 0xFFFFFFFF8F81AA41',
      'task.init_addr',
    ],
  ])('finds %s', (_what, from, to, key) => {
    const group = changed(from, to);
    const [issue, ...more] = safeParseKernelInfo(group).issues;
    expect(more).toEqual([]);
    const line = real.lines.find(({ text }) => from.test(text))?.line;
    expect(issue).toMatchObject({ severity: 'error', key, line });
  });

  it('warns only where a person wrote the twin', () => {
    const lines = [
      'task.switch_task_hook_addr = 18446744071579868128',
      '#task.switch_task_hook_addr = 0XFFFFFFFF810B9FDF',
    ];
    expect(findings(section(...lines), 'warning')).toEqual(['task.switch_task_hook_addr']);
    expect(findings(section(...lines), 'error')).toEqual([]);
  });

  it('says why the module did not find a key', () => {
    const { issues } = safeParseKernelInfo(
      section('version.a = 6', '# path.mnt_parent_offset = missing: no word looks like it'),
    );
    expect(issues.find(({ key }) => key === 'path.mnt_parent_offset')).toMatchObject({
      line: 3,
      message: 'required key path.mnt_parent_offset is missing: no word looks like it',
    });
  });

  it('warns of keys that are not known', () => {
    expect(findings(section('task.no_such = 1'), 'warning')).toEqual(['task.no_such']);
  });
});

describe('KERNELINFO_SCHEMA', () => {
  it('has each key and each older name once, and a sentence for each', () => {
    const names = KERNELINFO_SCHEMA.flatMap(({ key, aliases }) => [key, ...(aliases ?? [])]);
    // Of 2.4, fs.f_dentry_offset has a row and is an older name as well.
    expect(names.length - new Set(names).size).toBe(1);
    for (const { doc } of KERNELINFO_SCHEMA) expect(doc).toMatch(/^[A-Z`].*\.$/);
  });

  it("keeps PANDA's order and style: room.member_offset", () => {
    for (const { key, kind } of KERNELINFO_SCHEMA) {
      if (kind === 'offset') expect(key).toMatch(/^[a-z0-9_]+\.\w+_offset$/);
      if (kind === 'address') expect(key).toMatch(/_addr$/);
    }
    expect(findSchemaRow('task.tasks_offset')?.requiredIn).toEqual(['current', 'panda1']);
  });
});
