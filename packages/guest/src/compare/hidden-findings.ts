import { formatAddress, formatSubject, type Skipped } from '@osi-linux/core';
import type { Finding } from '@osi-linux/memory';
import type { HiddenModule, HiddenThread, OsiLinux } from '@osi-linux/osi-linux';

/** More than a reader can use; the number of the others is reported. */
const FINDINGS_LIMIT = 100;

/**
 * The rows that only one of two records of the kernel has, and the comparisons that could not be made or not
 * made whole.
 */
export function findHiddenFindings(linux: OsiLinux): Finding[] {
  const { threads, modules, skipped } = linux.findHidden();
  const found = [...threads.map(threadFinding), ...modules.map(moduleFinding)];
  const beyond = found.length - FINDINGS_LIMIT;
  return [
    ...found.slice(0, FINDINGS_LIMIT),
    ...(beyond > 0 ? [{ what: 'hidden', value: `${beyond} more`, evidence: 'as those above' }] : []),
    ...incomplete(skipped),
  ];
}

function threadFinding({ pid, tid, name, taskd, onlyIn }: HiddenThread): Finding {
  const task = `${name ?? 'task'} ${formatAddress(taskd)}`;
  const listed = onlyIn === 'task_struct.tasks';
  return {
    what: 'hidden-task',
    title: !listed
      ? 'hidden process: in the pid table, missing from the task list'
      : 'hidden process: in the task list, missing from the pid table',
    value: tid === pid ? `pid ${pid}: ${task}` : `pid ${pid}, thread ${tid}: ${task}`,
    evidence: !listed
      ? `its id in ${onlyIn} leads to it; task_struct.tasks and signal_struct.thread_head do not`
      : 'task_struct.tasks or signal_struct.thread_head lead to it; no id in the pid table does',
  };
}

function moduleFinding({ name, modd, onlyIn }: HiddenModule): Finding {
  const other = onlyIn === 'modules' ? 'module_kset' : 'modules';
  return {
    what: 'hidden-module',
    title: `hidden module: in ${onlyIn}, missing from ${other}`,
    value: `${name} ${formatAddress(modd)}`,
    evidence: `the list ${onlyIn} has it, the list ${other} has not`,
  };
}

/** A comparison whose keys the profile lacks is not checked; anything else that was skipped makes it incomplete. */
function incomplete(skipped: readonly Skipped[]): Finding[] {
  const isUnchecked = ({ subject, reason }: Skipped) =>
    subject.kind === 'comparison' && reason.code === 'PROFILE_KEY_MISSING';
  return [
    ...summary('not checked', skipped.filter(isUnchecked)),
    ...summary(
      'incomplete',
      skipped.filter((record) => !isUnchecked(record)),
    ),
  ];
}

function summary(value: string, skipped: readonly Skipped[]): Finding[] {
  const [first] = skipped;
  if (first === undefined) return [];
  const rest = skipped.length === 1 ? '' : `, and ${skipped.length - 1} more`;
  return [
    {
      what: 'hidden-incomplete',
      title: 'search for hidden tasks and modules',
      value,
      evidence: `${formatSubject(first.subject)}: ${first.reason.message}${rest}`,
    },
  ];
}
