import { isProcHandle, type OsiProcHandle, pidOf, processArgumentInvalid } from '@osi-linux/osi';
import type { ProcessSelection } from './process-selection';

/**
 * The processes that a listing is about: a selection such as `{ pids: [211] }`, or one process, as a row of
 * `getProcesses` or a handle names it. The options of the selection may stand beside the fields of the process.
 */
export type ProcessSelector<Selection extends ProcessSelection = ProcessSelection> =
  | Selection
  | (OsiProcHandle & Omit<Selection, 'pids'>);

/** The members of a selection; any other one is a mistake, which would select every process. */
const MEMBERS: ReadonlySet<string> = new Set(['pids', 'threads', 'ownRoot']);

/**
 * Refuses a value that selects no process, as JavaScript would let it pass and list them all.
 *
 * @throws OsiError `PROCESS_ARGUMENT_INVALID`, which shows the right form.
 */
export function requireSelector(call: string, selector: unknown): void {
  if (isProcHandle(selector) || isSelection(selector)) return;
  const pid = pidOf(selector) ?? 211;
  throw processArgumentInvalid(
    call,
    selector,
    `pass { pids: [${pid}] }, a process of getProcesses(), or nothing for every process: ${call}({ pids: [${pid}] })`,
  );
}

function isSelection(value: unknown): value is ProcessSelection {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  if (Object.keys(value).some((member) => !MEMBERS.has(member))) return false;
  const { pids } = value as { readonly pids?: unknown };
  return pids === undefined || (Array.isArray(pids) && pids.every(isPid));
}

function isPid(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
