import { OsiError } from '@osi-linux/core';
import type { OsiProcHandle } from './osi-types';

/**
 * Whether a value names a process: a row of `getProcesses`, or a handle.
 *
 * @example
 * ```ts
 * isProcHandle({ taskd: 0xffff888000000000n, asid: null }) // => true
 * isProcHandle({ pid: 211 }) // => false
 * ```
 */
export function isProcHandle(value: unknown): value is OsiProcHandle {
  return typeof value === 'object' && value !== null && typeof (value as OsiProcHandle).taskd === 'bigint';
}

/**
 * Refuses an argument that names no process, as JavaScript would let a pid pass. `null` and `undefined` are no process.
 *
 * @throws OsiError `PROCESS_ARGUMENT_INVALID`, which shows the right form.
 *
 * @example
 * ```ts
 * requireProcHandle('getMappings', { taskd: 0xffff888000000000n, asid: null });
 * requireProcHandle('getMappings', 211) // throws PROCESS_ARGUMENT_INVALID
 * ```
 */
export function requireProcHandle(call: string, value: unknown): void {
  if (value === null || value === undefined || isProcHandle(value)) return;
  throw processArgumentInvalid(
    call,
    value,
    `pass a process: ${call}(getProcesses().find(({ pid }) => pid === ${pidOf(value) ?? 211}))`,
  );
}

/**
 * The error of an argument that is not a process, with a hint that shows the right form.
 *
 * @example
 * ```ts
 * processArgumentInvalid('getFiles', 211, 'pass { pids: [211] }').message // => 'getFiles cannot find a process by 211'
 * ```
 */
export function processArgumentInvalid(call: string, value: unknown, hint: string): OsiError {
  const received = textOf(value);
  return new OsiError('PROCESS_ARGUMENT_INVALID', `${call} cannot find a process by ${received}`, {
    hint,
    fields: { call, received },
  });
}

/**
 * The pid that was meant by a wrong argument; `undefined` if there is none.
 *
 * @example
 * ```ts
 * [pidOf(211), pidOf('211'), pidOf([211]), pidOf({ pid: 211 }), pidOf('init')] // => [211, 211, 211, 211, undefined]
 * ```
 */
export function pidOf(value: unknown): number | undefined {
  if (Array.isArray(value)) return pidOf(value[0]);
  if (typeof value === 'object' && value !== null) {
    const { pid, pids } = value as { readonly pid?: unknown; readonly pids?: unknown };
    return pid === undefined && pids === undefined ? undefined : pidOf(pid ?? pids);
  }
  const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

const LONGEST = 80;

function textOf(value: unknown): string {
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part));
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
}
