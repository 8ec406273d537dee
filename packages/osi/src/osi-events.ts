import type { VirtualAddress } from '@osi-linux/core';
import type { OsiProc } from './osi-types';

/** The thread on a processor. A field is `null` if it could not be read. */
export interface OsiRunningTask {
  /** Number of the processor, from 0. */
  readonly cpu: number;
  /** Id of the process. */
  readonly pid: number | null;
  /** Id of the thread. */
  readonly tid: number | null;
  /** Name of the thread. */
  readonly name: string | null;
  /** Address of the thread's descriptor (on Linux its `task_struct`), virtual. */
  readonly taskd: VirtualAddress;
  /** When the thread started, in ns since boot; absent if the reporting code does not read it. */
  readonly createTime?: bigint | null;
}

/** A processor runs another task than before, or the same task another program. */
export interface OsiTaskChange {
  /** Number of the processor, from 0. */
  readonly cpu: number;
  /** The process that it runs now; absent if the reporting code does not know. */
  readonly task?: OsiRunningTask;
}

/** The events to subscribe to, by the names that the command line has for them. */
export interface OsiEvents {
  /** A processor changed its task. Corresponds to PANDA's `on_task_change`. */
  readonly 'task-change': OsiTaskChange;
  /** A process came to be: as it was first seen. */
  readonly 'process-start': OsiProc;
  /** A process is gone: as it was last seen. */
  readonly 'process-end': OsiProc;
  /** A process runs another program than before: as it is now, with the new name. */
  readonly exec: OsiProc;
}

/** A function that is called with each event of a kind. */
export type OsiListener<Name extends keyof OsiEvents> = (event: OsiEvents[Name]) => void;

/** One event with the name of its kind. */
export type OsiEvent = {
  readonly [Name in keyof OsiEvents]: {
    /** Name of its kind. */
    readonly name: Name;
    /** The event that happened. */
    readonly event: OsiEvents[Name];
  };
}[keyof OsiEvents];
