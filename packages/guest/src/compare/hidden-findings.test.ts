import { formatFinding, formatSubject, OsiError, type Subject } from '@osi-linux/core';
import type { LinuxHidden, OsiLinux } from '@osi-linux/osi-linux';
import { describe, expect, it } from 'vitest';
import { findHiddenFindings } from './hidden-findings';

const thread = { pid: 10, tid: 10, name: 'daemon', taskd: 0xffff888000001000n };

function findings(hidden: Partial<LinuxHidden>, skipped: readonly Subject[] = []) {
  const missing = new OsiError('PROFILE_KEY_MISSING', 'the profile has no module.modules_addr');
  const damage = new OsiError('STRUCT_IMPLAUSIBLE', 'invalid list_head');
  const answer = {
    threads: [],
    modules: [],
    ...hidden,
    skipped: skipped.map((subject) => ({
      subject,
      reason: subject.kind === 'comparison' ? missing : damage,
    })),
  };
  return findHiddenFindings({ findHidden: () => answer } as unknown as OsiLinux).map(formatFinding);
}

describe('the findings about what hides', () => {
  it('are none in an honest guest', () => {
    expect(findings({})).toEqual([]);
  });

  it('name the module, and who has it', () => {
    const modules = [{ name: 'rootkit', modd: 0xffffffffc0002040n, onlyIn: 'module_kset' as const }];
    expect(findings({ modules })).toEqual([
      {
        what: 'hidden module: in module_kset, missing from modules',
        value: 'rootkit 0xffffffffc0002040',
        evidence: 'the list module_kset has it, the list modules has not',
      },
    ]);
  });

  it('name the task by its process, and as a thread where it is no leader', () => {
    const threads = [
      { ...thread, onlyIn: 'init_pid_ns.idr' as const },
      { ...thread, tid: 11, onlyIn: 'task_struct.tasks' as const },
      { ...thread, onlyIn: 'pid_hash' as const },
    ];
    expect(findings({ threads }).map(({ what, value }) => `${what}: ${value}`)).toEqual([
      'hidden process: in the pid table, missing from the task list: pid 10: daemon 0xffff888000001000',
      'hidden process: in the task list, missing from the pid table: pid 10, thread 11: daemon 0xffff888000001000',
      'hidden process: in the pid table, missing from the task list: pid 10: daemon 0xffff888000001000',
    ]);
    expect(findings({ threads }).map(({ evidence }) => evidence)).toEqual([
      'its id in init_pid_ns.idr leads to it; task_struct.tasks and signal_struct.thread_head do not',
      'task_struct.tasks or signal_struct.thread_head lead to it; no id in the pid table does',
      'its id in pid_hash leads to it; task_struct.tasks and signal_struct.thread_head do not',
    ]);
  });

  it('are not more than a reader can use', () => {
    const threads = Array.from({ length: 5000 }, () => ({ ...thread, onlyIn: 'init_pid_ns.idr' as const }));
    expect(findings({ threads }).length).toBe(101);
    expect(findings({ threads }).at(-1)?.value).toBe('4900 more');
  });

  it('say for which search the profile has no keys, and where a search was not whole', () => {
    const compared: Subject = { kind: 'comparison', name: 'modules' };
    const list: Subject = { kind: 'list', name: 'task_struct.tasks' };
    const what = 'search for hidden tasks and modules';
    const evidence = 'comparison of the module list with /sys/module: the profile has no module.modules_addr';
    expect(findings({}, [compared])).toEqual([{ what, value: 'not checked', evidence }]);
    expect(findings({}, [list, compared, list, compared])).toEqual([
      { what, value: 'not checked', evidence: `${evidence}, and 1 more` },
      { what, value: 'incomplete', evidence: `${formatSubject(list)}: invalid list_head, and 1 more` },
    ]);
  });

  it('do not take a comparison that failed otherwise for one that was not checked', () => {
    const reason = new OsiError('STRUCT_IMPLAUSIBLE', 'invalid pid_namespace');
    const skipped = [{ subject: { kind: 'comparison', name: 'threads' }, reason }];
    const linux = { findHidden: () => ({ threads: [], modules: [], skipped }) } as unknown as OsiLinux;
    expect(findHiddenFindings(linux).map(({ value }) => value)).toEqual(['incomplete']);
  });
});
