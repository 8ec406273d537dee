import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findGroup, safeParseKernelInfo, safeParseKeyFile } from './index';

// PANDA's own kernelinfo.conf is GPL, and so not in this repository: the tests run where a copy lies beside it, or
// where OSI_LINUX_PANDA_CONF names one.
const beside = new URL('../../../../shared/data/panda-kernelinfo.conf', import.meta.url).pathname;
const path = process.env['OSI_LINUX_PANDA_CONF'] ?? beside;
const present = existsSync(path);
const { file, issues } = safeParseKeyFile(present ? readFileSync(path) : '');

const REFUSED = ['debian-3.2.63:32', 'debian-3.2.65:32'];

function findings(name: string, mode: 'default' | 'strict') {
  const group = findGroup(file, name);
  if (group === undefined) throw new Error(`no group [${name}]`);
  return safeParseKernelInfo(group, { mode }).issues;
}

describe(`PANDA's own file${present ? '' : ' (not here: set OSI_LINUX_PANDA_CONF to its path)'}`, () => {
  it.skipIf(!present)('has 22 groups that GLib reads, and one key twice', () => {
    expect(file.groups).toHaveLength(22);
    expect(issues).toMatchObject([{ severity: 'warning', line: 425, key: 'path.d_name_offset' }]);
  });

  it.skipIf(!present)('has 20 groups that PANDA loads, and 2 for which it misses 19 keys each', () => {
    const loaded = file.groups.filter(({ name }) => findings(name, 'strict').length === 0);
    expect(loaded).toHaveLength(20);
    for (const name of REFUSED) {
      const missing = findings(name, 'strict').filter(({ severity }) => severity === 'incomplete');
      expect(missing.map(({ key }) => key).sort()).toEqual(MISSING_FROM_OLD);
    }
  });

  it.skipIf(!present)('has known bad profiles, which are told apart from the good ones', () => {
    const flagged = file.groups
      .filter(({ name }) => !REFUSED.includes(name))
      .flatMap(({ name }) =>
        findings(name, 'default').map(({ severity, key }) => `${name} ${severity} ${key}`),
      );
    expect(flagged.sort()).toEqual([
      'debian:3.2.0-4-686-pae:32 warning task.per_cpu_offsets_addr',
      // The comment with the hex value is one less than the decimal one.
      'ubuntu:4.15.0-72-generic-noaslr-nokaslr:64 warning task.switch_task_hook_addr',
      'ubuntu:4.15.0-72-generic:64 warning task.init_addr',
      'ubuntu:4.4.0-154-generic:64 warning task.per_cpu_offsets_addr',
      'ubuntu:4.4.0-170-generic:32 error task.current_task_addr',
      'ubuntu:4.4.0-98-generic:32 warning task.per_cpu_offsets_addr',
    ]);
    const slid = findings('ubuntu:4.15.0-72-generic:64', 'default')[0];
    expect(slid?.message).toMatch(/0xffffffff8fc13480, moved by KASLR/);
  });
});

const MISSING_FROM_OLD = [
  'fs.f_path_dentry_offset',
  'fs.f_path_mnt_offset',
  'fs.f_pos_offset',
  'fs.fd_offset',
  'fs.fdt_offset',
  'fs.fdtab_offset',
  'mm.size',
  'path.d_dname_offset',
  'path.d_op_offset',
  'path.mnt_mountpoint_offset',
  'path.mnt_parent_offset',
  'path.mnt_root_offset',
  'qstr.name_offset',
  'qstr.size',
  'task.current_task_addr',
  'task.files_offset',
  'task.per_cpu_offset_0_addr',
  'task.per_cpu_offsets_addr',
  'vma.size',
];
