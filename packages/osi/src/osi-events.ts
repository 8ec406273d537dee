import type { OsiProc } from './osi-types';

/** A processor runs another task than before, or the same task another program. */
export interface OsiTaskChange {
  /** Number of the processor, from 0. */
  readonly cpu: number;
}

/** What can be subscribed to, by the names that the command line has for them. */
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

/** What is called with each event of a kind. */
export type OsiListener<Name extends keyof OsiEvents> = (event: OsiEvents[Name]) => void;
