import type { Finding } from '@osi-linux/memory';
import type { QmpClient } from '../qmp-client';

/** QEMU's `query-status` (qapi/run-state.json). */
interface RunState {
  readonly running?: unknown;
  readonly status?: unknown;
}

/** The states of a guest whose processors have not run yet. */
const NOT_STARTED: ReadonlySet<unknown> = new Set(['prelaunch', 'preconfig', 'inmigrate']);

/** Whether QEMU runs the guest; false without a QMP socket. */
export function isRunning(qmp: QmpClient | undefined): boolean {
  return stateOf(qmp)?.running === true;
}

/** That QEMU has not run the guest since it started, for which reason its memory may be empty; `undefined` if it has. */
export function notStarted(qmp: QmpClient | undefined): Finding | undefined {
  const status = stateOf(qmp)?.status;
  if (typeof status !== 'string' || !NOT_STARTED.has(status)) return undefined;
  const evidence = 'query-status: QEMU has not run the guest yet, and its memory may be empty';
  return { what: 'run-state', title: 'run state', value: status, evidence };
}

function stateOf(qmp: QmpClient | undefined): RunState | null | undefined {
  return qmp?.execute('query-status') as RunState | null | undefined;
}
