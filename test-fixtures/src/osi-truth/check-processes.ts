import { formatSubject } from '@osi-linux/core';
import { compareModules } from '../truth/compare/compare-modules';
import { compareProcesses } from '../truth/compare/compare-processes';
import { KWORKER_TOLERANCE } from '../truth/internal/difference';
import { findUnanswerableFields, isUnanswerable } from '../truth/unanswerable-fields';
import type { CallLog } from './call-log';
import { jsonRow } from './json-row';
import { isWorker, type ProcessTruth } from './process-truth';
import type { StoppedGuest } from './stopped-guest';

/** The calls about all processes, and the modules. */
export function checkListings(guest: StoppedGuest, processes: readonly ProcessTruth[], log: CallLog): void {
  const { osi, truth } = guest;
  const rows = osi.getProcesses();
  log.add('getProcesses', rows.length, compareProcesses(truth, rows.map(jsonRow)));
  const { always, perhaps } = findUnanswerableFields(truth, 'ps');
  const known = [...always, ...perhaps];
  const odd = rows.skipped.filter(({ subject }) => !known.some((field) => isUnanswerable(subject, field)));
  log.add(
    'getProcesses',
    1,
    odd.map(({ subject }) => `skipped ${formatSubject(subject)}`),
  );
  checkHandles(guest, processes, log);
  const modules = osi.getModules();
  log.add('getModules', modules.length, compareModules(truth, modules.map(jsonRow)));
  log.compare('getModules', 'skipped', [], () => modules.skipped);
}

/** Every process has its handle, in the order of the kernel's list; workers may have come or gone. */
function checkHandles({ osi, truth }: StoppedGuest, processes: readonly ProcessTruth[], log: CallLog): void {
  const rows = osi.getProcessHandles();
  log.compare('getProcessHandles', 'skipped', [], () => rows.skipped);
  const given = new Map(rows.map((row) => [row.taskd, row]));
  const there = processes.filter((process) => !isWorker(process) || given.has(process.handle.taskd));
  for (const { pid, handle } of there)
    log.compare('getProcessHandles', `pid ${pid}`, handle, () => given.get(handle.taskd));
  const known = new Set(truth.tasks.map(({ task }) => task));
  const inOrder = new Set(there.map(({ handle }) => handle.taskd));
  const order = rows.map(({ taskd }) => taskd).filter((taskd) => inOrder.has(taskd));
  log.compare('getProcessHandles', 'order', [...inOrder], () => order);
  const strangers = rows.filter(({ taskd }) => !known.has(taskd));
  log.compare('getProcessHandles', 'strangers', true, () => strangers.length <= KWORKER_TOLERANCE);
}

/** The calls about one process. */
export function checkProcess({ osi }: StoppedGuest, process: ProcessTruth, log: CallLog): void {
  const { pid, handle, row, heap } = process;
  const about = `pid ${pid}`;
  log.compare('getProcess', about, row, () => {
    const found = osi.getProcess(handle);
    return (
      found &&
      Object.fromEntries(Object.keys(row).map((field) => [field, found[field as keyof typeof found]]))
    );
  });
  log.compare('getProcessPid', about, pid, () => osi.getProcessPid(handle));
  log.compare('getProcessPpid', about, row['ppid'], () => osi.getProcessPpid(handle));
  log.compare('getProcMem', about, heap, () => osi.getProcMem(handle));
  const later = { ...handle, createTime: handle.createTime + 1n };
  log.compare('getProcess', `a later ${about}`, undefined, () => osi.getProcess(later));
  log.compare('getProcessPid', `a later ${about}`, undefined, () => osi.getProcessPid(later));
  log.compare('getProcessPpid', `a later ${about}`, undefined, () => osi.getProcessPpid(later));
}

/** Whether a worker of the kernel has ended since the truth was gathered. */
export function hasEnded({ osi }: StoppedGuest, process: ProcessTruth): boolean {
  return isWorker(process) && osi.getProcess(process.handle) === undefined;
}
