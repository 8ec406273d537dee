import { describe, expect, it } from 'vitest';
import { safeParseKernelInfo, safeParseKeyFile } from './index';

// Forms of kernelinfo.conf that people have: each must be read, and its oddities be reported with their
// lines.
function read(text: string) {
  const { file, issues } = safeParseKeyFile(text);
  const [group] = file.groups;
  if (group === undefined) throw new Error('no group');
  const parsed = safeParseKernelInfo(group);
  return { ...parsed, issues: [...issues, ...parsed.issues] };
}

describe('sections from before version.*', () => {
  it.each([
    ['task.per_cpu_offset_0 = 18446612687432450048', 'task.per_cpu_offset_0_addr', 18446612687432450048n],
    ['fs.d_name_offset = 20', 'path.d_name_offset', 20],
    ['fs.d_iname_offset = 36', 'path.d_iname_offset', 36],
    ['fs.d_parent_offset = 16', 'path.d_parent_offset', 16],
    ['fs.mnt_root_offset = 0', 'path.mnt_root_offset', 0],
    ['fs.mnt_parent_offset = 16', 'path.mnt_parent_offset', 16],
    ['fs.mnt_mountpoint_offset = 24', 'path.mnt_mountpoint_offset', 24],
    ['path.qstr_size = 16', 'qstr.size', 16],
    ['path.qstr_name_offset = 8', 'qstr.name_offset', 8],
    ['task.task_offset = 0', 'task.task_offset', 0],
  ])('are read: %s', (line, key, value) => {
    const { info, generation, issues } = read(
      `[my_kernel_info]\nname = #1 SMP Debian 3.2.51-1 i686\n${line}\n`,
    );
    expect(info[key as 'qstr.size']).toBe(value);
    expect(generation).toBe('panda1');
    const said = issues.filter((issue) => issue.line === 3);
    if (key !== 'task.task_offset') expect(said[0]?.message).toMatch(/is an older name of/);
    for (const { severity } of said) expect(severity).toBe('warning');
  });

  it.each(['my_kernel_info', 'ubuntu_kernel', 'lava32:32', 'armel', 'x86_64', 'linux:1.0:64'])(
    'under the group name [%s]',
    (name) => {
      expect(read(`[${name}]\ntask.size = 1060\n`).info['task.size']).toBe(1060);
    },
  );
});

describe('sections that programs wrote', () => {
  it.each([
    ['file.f_path_dentry_offset = 24', 'fs.f_path_dentry_offset', 24],
    ['file.f_path_mnt_offset = 16', 'fs.f_path_mnt_offset', 16],
    ['fs.f_path.dentry_offset = 24', 'fs.f_path_dentry_offset', 24],
    ['fs.f_path.mnt_offset = 16', 'fs.f_path_mnt_offset', 16],
  ])('with the spelling of the extractor for gdb: %s', (line, key, value) => {
    const { info, generation, issues } = read(`[g]\nversion.a = 4\n${line}\n`);
    expect([info[key as 'qstr.size'], generation]).toEqual([value, 'current']);
    expect(issues.filter((issue) => issue.line === 3)).toMatchObject([{ severity: 'warning' }]);
  });

  it('with -1 for what is not there, keys of their own, and one key three times', () => {
    const { info, issues } = read(
      '[linux:1.0:64]\nversion.a = 6\nmm.mmap_offset = -1\nvma.vm_next_offset = -1\ncred.size = 176\n' +
        'fs.size = 184\nfs.size = 704\nfs.size = 64\npath.size = 16\ntask.mm_offset =\n',
    );
    expect([info['mm.mmap_offset'], info['vma.vm_next_offset'], info['task.mm_offset']]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const lines = issues.filter(({ severity }) => severity === 'warning').map(({ line }) => line);
    for (const line of [3, 4, 5, 7, 8, 9, 10]) expect(lines).toContain(line);
    expect(issues.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('with indented keys, None, and two keys on one line', () => {
    const { info, issues } = read(
      '[g]\n    task.size = 9216\n    task.mm_offset = None\ntask.pid_offset = 1096task.tgid_offset = 1100\n',
    );
    expect(info['task.size']).toBe(9216);
    expect(issues.filter(({ severity }) => severity === 'error')).toMatchObject([
      { line: 3, key: 'task.mm_offset', message: 'task.mm_offset is "None", expected a number' },
      { line: 4, key: 'task.pid_offset', message: expect.stringContaining('1096task.tgid_offset = 1100') },
    ]);
  });

  it('with hex, comments behind values, and hex comments below keys in any order', () => {
    const { info, issues } = read(
      '[g]\nversion.a = 5\ntask.init_addr = 0xFFFFFFFF82612340\ntask.size = 9216 # bytes\n' +
        'task.per_cpu_offsets_addr = 18446744071599820800 # FFFFFFFF82401000\n# task.init_addr = 0xFFFFFFFF82612340\n',
    );
    expect(info['task.init_addr']).toBe(0xffffffff82612340n);
    expect(info['task.per_cpu_offsets_addr']).toBe(0xffffffff82401000n);
    expect(info['task.size']).toBe(9216);
    const warned = issues.filter(({ severity }) => severity === 'warning').map(({ line }) => line);
    expect(warned).toEqual([3, 4, 5]);
    expect(issues.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('without the keys that kernels 6.1 and 6.7 lost', () => {
    const { issues } = read('[x86_64]\nversion.a = 6\nversion.b = 13\n');
    const missing = issues.filter(({ severity }) => severity === 'incomplete').map(({ key }) => key);
    expect(missing).toHaveLength(52);
    for (const key of ['mm.mmap_offset', 'vma.vm_next_offset', 'task.thread_group_offset'])
      expect(missing).not.toContain(key);
  });

  it('with an arch that nothing reads', () => {
    expect(read('[g]\nversion.a = 3\narch = arm\n').info['arch']).toBe('arm');
  });

  it('with a log prefix left in a line, a stray line, a byte order mark: the rest is read, the line is named', () => {
    for (const [text, line] of [
      ['[g]\n[  1.5] task.pid_offset = 8\ntask.size = 9216\n', 2],
      ['[g]\ntask.size = 9216\nstray text\n', 3],
      ['[g]\ntask.size = 9216\n; a comment\n', 3],
      ['\uFEFF# head\n[g]\ntask.size = 9216\n', 1],
    ] as const) {
      const { info, issues } = read(text);
      expect(info['task.size']).toBe(9216);
      expect(issues.filter(({ severity }) => severity === 'error').map((issue) => issue.line)).toEqual([
        line,
      ]);
    }
  });
});
