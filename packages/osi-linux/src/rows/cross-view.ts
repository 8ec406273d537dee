import type { SkippedLog, VirtualAddress } from '@osi-linux/core';
import {
  eachKsetModule,
  eachModule,
  eachProcess,
  eachTaskWithId,
  eachThread,
  findModuleKset,
  type Kernel,
  type Module,
  type PidTableName,
  pidTableName,
  type Task,
} from '@osi-linux/kstruct';
import type { LinuxThread } from './linux-types';
import { readThread } from './process-row';

/** A thread that only one of the kernel's two records of threads has. */
export interface HiddenThread extends LinuxThread {
  /**
   * The record that has it: the table of ids, through which `/proc` finds it, or the lists, through which the
   * kernel walks.
   */
  readonly onlyIn: PidTableName | 'task_struct.tasks';
}

/** A module that only one of the kernel's two records of modules has. */
export interface HiddenModule {
  /** Its name. */
  readonly name: string;
  /** Address of its `struct module`, virtual. */
  readonly modd: VirtualAddress;
  /** The record that has it: the set that `/sys/module` shows, or the list that `/proc/modules` shows. */
  readonly onlyIn: 'module_kset' | 'modules';
}

/** The rows that one record of the kernel has and another, which should agree with it, lacks. */
export interface LinuxHidden {
  /** Threads, leaders of processes included. */
  readonly threads: readonly HiddenThread[];
  /** Modules of the kernel, by their names. */
  readonly modules: readonly HiddenModule[];
}

/**
 * Compares two records of the kernel: the task lists with the pid table, the module list with the module set.
 *
 * A thread or module is reported as missing from the table or the set only if these were read whole, so that
 * unreadable memory is not reported as a difference. Those that the table or the set has beyond the lists are
 * reported in any case; `skipped` shows whether the lists are broken.
 */
export function compareViews(kernel: Kernel, skipped: SkippedLog): LinuxHidden {
  const threads = skipped.attempt(
    () => ({ kind: 'comparison', name: 'threads' }),
    () => compareThreads(kernel, skipped),
  );
  const modules = skipped.attempt(
    () => ({ kind: 'comparison', name: 'modules' }),
    () => compareModules(kernel, skipped),
  );
  return { threads: threads ?? [], modules: modules ?? [] };
}

function compareThreads(kernel: Kernel, skipped: SkippedLog): HiddenThread[] {
  const before = skipped.records.length;
  const byId = indexByAddress(eachTaskWithId(kernel, skipped));
  const tableIsWhole = skipped.records.length === before;
  const listed = indexByAddress(eachListedThread(kernel, skipped));
  const rowsOf = (tasks: readonly Task[], onlyIn: HiddenThread['onlyIn']) =>
    tasks.map((task) => ({ ...readThread(task, skipped), onlyIn }));
  return [
    ...rowsOf(missingFrom(listed, byId), pidTableName(kernel)),
    ...(tableIsWhole ? rowsOf(missingFrom(byId, listed), 'task_struct.tasks') : []),
  ];
}

/** Every thread but those of pid 0, which has no id in the table. */
function* eachListedThread(kernel: Kernel, skipped: SkippedLog): Generator<Task> {
  for (const leader of eachProcess(kernel, skipped)) {
    if (leader.address === kernel.info['task.init_addr']) continue;
    const threads = skipped.attempt(
      () => ({ kind: 'list', name: 'threads', struct: 'task', address: leader.address }),
      () => [...eachThread(kernel, leader, skipped)],
    );
    yield* threads ?? [leader];
  }
}

function compareModules(kernel: Kernel, skipped: SkippedLog): HiddenModule[] {
  const before = skipped.records.length;
  const listed = indexByAddress(eachModule(kernel, skipped));
  const kset = findModuleKset(listed.values(), skipped);
  if (kset === undefined) return [];
  const inSet = indexByAddress(eachKsetModule(kernel, kset, skipped));
  const isWhole = skipped.records.length === before;
  // A module is in the list before it is in the set, and after.
  const live = missingFrom(inSet, listed).filter((module) => isWhole && module.isLive);
  return [...missingFrom(listed, inSet).map(rowOf('module_kset')), ...live.map(rowOf('modules'))];
}

function rowOf(onlyIn: HiddenModule['onlyIn']): (module: Module) => HiddenModule {
  return ({ name, address: modd }) => ({ name, modd, onlyIn });
}

type Addressed = { readonly address: VirtualAddress };

function indexByAddress<Item extends Addressed>(items: Iterable<Item>): Map<VirtualAddress, Item> {
  return new Map(Array.from(items, (item) => [item.address, item]));
}

/** Those of the second map that the first has not. */
function missingFrom<Item>(first: Map<VirtualAddress, Item>, second: Map<VirtualAddress, Item>): Item[] {
  return [...second].filter(([address]) => !first.has(address)).map(([, item]) => item);
}
