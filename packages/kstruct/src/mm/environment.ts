import { decodeStringList, formatAddress, OsiError, readBytes } from '@osi-linux/core';
import type { Mm } from './mm';

/** More than the kernel lets execve pass: three quarters of _STK_LIM (fs/exec.c, bprm_stack_limits). */
const ENVIRONMENT_LIMIT = 6 * 1024 * 1024;

/**
 * The environment that a process was started with, as `/proc/PID/environ` gives it: split at NUL, one final NUL dropped.
 *
 * Source: `environ_read` in fs/proc/base.c.
 *
 * @throws OsiError `ENVIRONMENT_IMPLAUSIBLE` where the bounds make no sense; else the fault of the missing page.
 *
 * @example
 * ```ts
 * declare const mm: Mm;
 * readEnvironment(mm).includes('HOME=/') // => true
 * ```
 */
export function readEnvironment(mm: Mm): string[] {
  const { envStart, envEnd } = mm;
  const length = envEnd - envStart;
  // execve sets the bounds of every program, and prctl(PR_SET_MM_MAP) keeps them in order.
  if (envStart === 0n || length < 0n || length > ENVIRONMENT_LIMIT) throw implausible(mm);
  return decodeStringList(readBytes(mm.memory, envStart, Number(length)));
}

function implausible(mm: Mm): OsiError {
  const { envStart, envEnd } = mm;
  const bounds = `from ${formatAddress(envStart)} to ${formatAddress(envEnd)}`;
  return new OsiError(
    'ENVIRONMENT_IMPLAUSIBLE',
    `environment ${bounds}: expected at most ${ENVIRONMENT_LIMIT} bytes in user memory`,
    {
      hint: 'the mm_struct is damaged, or the profile is of another kernel',
      fields: { mm: mm.address, envStart, envEnd },
    },
  );
}
