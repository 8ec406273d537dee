import { attempt, SkippedLog } from '@osi-linux/core';
import { eachProcess, type Kernel, type Task } from '@osi-linux/kstruct';
import type { Finding } from '@osi-linux/memory';

/** More than a reader can use. */
const FINDINGS_LIMIT = 100;

/**
 * The kernel threads that have an address space: they work for a process (`kthread_use_mm`), or a flag of a process is
 * damaged, which then has no mappings.
 */
export function findBorrowedSpaceFindings(kernel: Kernel): Finding[] {
  return attempt(
    () => {
      const findings: Finding[] = [];
      for (const task of eachProcess(kernel, new SkippedLog())) {
        if (findings.length < FINDINGS_LIMIT) findings.push(...attempt(() => findingsOf(task), nothing));
      }
      return findings;
    },
    // The listings report it.
    nothing,
  );
}

function nothing(): Finding[] {
  return [];
}

function findingsOf(task: Task): Finding[] {
  if (!task.usesOtherMm) return [];
  return [
    {
      what: 'kernel-thread-mm',
      title: 'kernel thread with an address space',
      value: `pid ${task.tgid}: ${task.comm}`,
      evidence: 'PF_KTHREAD is set, and mm is not null: it works for a process, or its flags are damaged',
    },
  ];
}
