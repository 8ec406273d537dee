import type { OsiError, VirtualAddress } from '@osi-linux/core';
import type { KconfIssue } from '@osi-linux/kconf';

/**
 * Why a profile is not of the kernel in a dump, or why there is no profile; `formatContradiction` makes its
 * sentence.
 */
export type Contradiction =
  | SectionError
  | NoRoot
  | NotDerivable
  | Unreadable
  | WrongTask
  | OpenTaskList
  | WrongFirstProcess
  | WrongName;

/** A line of the section is wrong in itself. */
interface SectionError {
  readonly kind: 'section-error';
  readonly issue: KconfIssue;
}

/** Neither the dump nor the section names a page-table root. */
interface NoRoot {
  readonly kind: 'no-root';
  /** The key that would name one in a section, if this section lacks it. */
  readonly lacks: 'kernel.swapper_pg_dir_addr' | undefined;
}

/** The kernel's own types and symbols do not give a profile. */
interface NotDerivable {
  readonly kind: 'not-derivable';
  readonly reason: OsiError;
}

/** Something cannot be read where the profile has it, though the dump has that memory. */
interface Unreadable {
  readonly kind: 'unreadable';
  readonly structure: CheckedStructure;
  readonly reason: OsiError;
}

/** The structures of the kernel that a profile is compared with. */
export type CheckedStructure = 'init_task' | 'task_struct.tasks' | 'init_uts_ns';

/** The task at `init_task` is not pid 0. */
interface WrongTask {
  readonly kind: 'init-task-name' | 'init-task-pid';
  readonly key: 'task.init_addr';
  readonly address: VirtualAddress;
  readonly expected: string | number;
  readonly received: string | number;
}

/** The list of all processes does not lead back to its head. */
interface OpenTaskList {
  readonly kind: 'task-list-open';
  /** Virtual address of the list's head. */
  readonly address: VirtualAddress;
}

/** The first process of the list is not pid 1, a child of pid 0. */
type WrongFirstProcess =
  | { readonly kind: 'first-process-pid'; readonly expected: 1; readonly received: number }
  | {
      readonly kind: 'first-process-parent';
      readonly expected: VirtualAddress;
      readonly received: VirtualAddress;
    };

/** The kernel calls itself, or its machine, something else than the `name` of the profile does. */
interface WrongName {
  readonly kind: 'kernel-name' | 'machine';
  readonly key: 'name';
  readonly expected: string | undefined;
  readonly received: string;
  /** The origin of the received text. */
  readonly by: 'init_uts_ns' | 'banner' | 'page-tables';
}
