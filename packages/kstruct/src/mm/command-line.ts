import {
  decodeStringList,
  formatAddress,
  OsiError,
  PAGE_SIZE,
  readBytes,
  readPartial,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';
import type { Mm } from './mm';

/** More than the kernel lets execve pass: three quarters of _STK_LIM (fs/exec.c, bprm_stack_limits). */
const ARGUMENTS_LIMIT = 6 * 1024 * 1024;
const IN_PAGE = BigInt(PAGE_SIZE - 1);

/**
 * The arguments of a process as `/proc/PID/cmdline` gives them: split at NUL, one final NUL dropped. They are whole also
 * on kernels before v4.2, whose `/proc` cuts them after a page.
 *
 * A process that has overwritten the end of its arguments (setproctitle) answers with that title.
 * Source: `get_mm_cmdline` in fs/proc/base.c.
 *
 * `through` is the memory of the address space, where that is at hand.
 *
 * @throws OsiError `ARGUMENTS_IMPLAUSIBLE` where the bounds make no sense; else the fault of the missing page.
 *
 * @example
 * ```ts
 * declare const mm: Mm;
 * readCommandLine(mm) // => ['/bin/busybox', 'sh', '/init']
 * ```
 */
export function readCommandLine(mm: Mm, through?: VirtualMemory): string[] {
  const { argStart, argEnd } = mm;
  if (argStart >= argEnd) return [];
  const length = Number(argEnd - argStart);
  if (length > ARGUMENTS_LIMIT) throw implausible(mm);
  const memory = through ?? mm.memory;
  if (readByte(memory, argEnd - 1n) !== 0) return decodeStringList(readTitle(mm, memory));
  return decodeStringList(viewBytes(memory, argStart, length));
}

/** One byte, without the copy that a run of them is. */
function readByte(memory: VirtualMemory, address: VirtualAddress): number | undefined {
  const page = memory.page(address);
  if (page === undefined) throw memory.fault(address);
  return page.bytes[Number(address & IN_PAGE)];
}

/** Bytes that are looked at where they lie, if they do in one page. */
function viewBytes(memory: VirtualMemory, address: VirtualAddress, length: number): Uint8Array {
  const start = Number(address & IN_PAGE);
  const page = start + length <= PAGE_SIZE ? memory.page(address) : undefined;
  return page === undefined ? readBytes(memory, address, length) : page.bytes.subarray(start, start + length);
}

/** Source: `get_mm_proctitle` in fs/proc/base.c: at most a page of the kernel's size, up to and with its first NUL. */
function readTitle(mm: Mm, memory: VirtualMemory): Uint8Array {
  const { argStart, argEnd, envStart, envEnd } = mm;
  const runsOn = envStart === argEnd && envEnd >= envStart;
  const room = (runsOn ? envEnd : argEnd) - argStart;
  const page = 2 ** memory.architecture.pageShift;
  const { bytes, holes } = readPartial(memory, argStart, room < page ? Number(room) : page);
  const hole = holes[0];
  const readable = hole === undefined ? bytes : bytes.subarray(0, Number(hole.at - argStart));
  const nul = readable.indexOf(0);
  if (nul >= 0) return readable.subarray(0, nul + 1);
  if (hole !== undefined) throw hole.reason;
  return readable;
}

function implausible(mm: Mm): OsiError {
  const { argStart, argEnd } = mm;
  return new OsiError(
    'ARGUMENTS_IMPLAUSIBLE',
    `arguments from ${formatAddress(argStart)} to ${formatAddress(argEnd)}: expected at most ${ARGUMENTS_LIMIT} bytes`,
    {
      hint: 'the mm_struct is damaged, or the profile is of another kernel',
      fields: { mm: mm.address, argStart, argEnd },
    },
  );
}
