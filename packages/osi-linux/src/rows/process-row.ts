import { OsiError, type SkippedLog, type Subject } from '@osi-linux/core';
import { type Cred, type Mm, type ProcessReader, readCommandLine, type Task } from '@osi-linux/kstruct';
import type { LinuxProcess, LinuxThread } from './linux-types';

/**
 * Reads one process: a field that cannot be read is `null`, with its reason in `skipped`. `reader` is the
 * caller's for one stop of the guest.
 */
export function readProcess(task: Task, reader: ProcessReader, skipped: SkippedLog): LinuxProcess {
  try {
    return reader.read(task) ?? readParts(task, skipped);
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    return readParts(task, skipped);
  }
}

/** The same once more where something is missing, field by field. */
function readParts(task: Task, skipped: SkippedLog): LinuxProcess {
  const row = new RowReader({ kind: 'process', address: task.address }, skipped);
  const pid = row.field('pid', () => task.tgid);
  if (pid !== null) row.subject = { kind: 'process', pid };
  return {
    taskd: task.address,
    pid,
    ppid: row.field('ppid', () => task.ppid),
    name: row.field('name', () => task.comm),
    createTime: row.field('createTime', () => task.startTime),
    kernelThread: row.field('kernelThread', () => task.isKernelThread),
    ...readAddressSpace(row, task),
    ...readIds(row, task),
  };
}

/** Reads the ids and the name of one thread. */
export function readThread(task: Task, skipped: SkippedLog): LinuxThread {
  const row = new RowReader({ kind: 'thread', address: task.address }, skipped);
  const tid = row.field('tid', () => task.pid);
  if (tid !== null) row.subject = { kind: 'thread', tid };
  const pid = row.field('pid', () => task.tgid);
  if (pid !== null) row.subject = { ...row.subject, pid };
  return {
    taskd: task.address,
    tid,
    pid,
    name: row.field('name', () => task.comm),
  };
}

/** Reads the physical address of the top page table, `null` if there is no table. */
export function readAsid(task: Task, skipped: SkippedLog): number | null {
  return new RowReader({ kind: 'process', address: task.address }, skipped).field(
    'asid',
    () => task.mm?.asid ?? null,
  );
}

type AddressSpaceFields = Pick<LinuxProcess, 'pgd' | 'asid' | 'cmdline'>;

function readAddressSpace(row: RowReader, task: Task): AddressSpaceFields {
  const mm = row.field<Mm | undefined>('mm', () => task.mm);
  if (mm === null) return { pgd: null, asid: null, cmdline: null };
  if (mm === undefined) return { pgd: null, asid: null, cmdline: [] };
  return {
    pgd: row.field('pgd', () => mm.pgd),
    asid: row.field('asid', () => mm.asid),
    cmdline: row.field('cmdline', () => readCommandLine(mm)),
  };
}

function readIds(row: RowReader, task: Task): Pick<LinuxProcess, 'uid' | 'gid' | 'euid' | 'egid'> {
  const cred = row.field<Cred>('cred', () => task.realCred);
  if (cred === null) return { uid: null, gid: null, euid: null, egid: null };
  return {
    uid: row.field('uid', () => cred.uid),
    gid: row.field('gid', () => cred.gid),
    euid: row.field('euid', () => cred.euid),
    egid: row.field('egid', () => cred.egid),
  };
}

/** Reads the fields of one row, and reports those that are missing. */
class RowReader {
  /** The name of the row in a report: its ids, once they are known. */
  subject: Subject;
  private readonly skipped: SkippedLog;

  constructor(subject: Subject, skipped: SkippedLog) {
    this.subject = subject;
    this.skipped = skipped;
  }

  field<Value>(name: string, read: () => Value): Value | null {
    return this.skipped.attempt(() => ({ ...this.subject, field: name }), read);
  }
}
