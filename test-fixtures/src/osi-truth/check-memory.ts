import { PAGE_SIZE } from '@osi-linux/core';
import { textOf } from '../truth/internal/guest-text';
import { type CallLog, Refused } from './call-log';
import { mappingAt } from './check-mappings';
import type { ProcessTruth } from './process-truth';
import { directPhysical, type StoppedGuest } from './stopped-guest';

/** A write that reached the guest's memory. */
export interface PhysicalWrite {
  readonly physical: number;
  readonly bytes: Uint8Array;
}

/** A provider over the same guest that may write, and its writes. */
export interface WritableGuest {
  readonly linux: StoppedGuest['linux'];
  readonly writes: PhysicalWrite[];
}

/** Fields of `/proc/PID/stat` (proc(5)) with the bounds of a process's strings, and the file that has their bytes. */
const STRINGS = [
  ['cmdline', 'cmdline', 48],
  ['env', 'environ', 50],
] as const;

/**
 * The calls about memory, for one process: its arguments, its environment and its mappings show its contents.
 */
export function checkMemory(
  guest: StoppedGuest,
  process: ProcessTruth,
  log: CallLog,
  writable: WritableGuest | undefined,
): void {
  const { linux, bytes } = guest;
  const { pid, handle, mappings } = process;
  const kernel = Number(directPhysical(guest, handle.taskd));
  if (isDirect(guest, handle.taskd))
    log.compare('virtToPhys', `pid ${pid}: its task`, kernel, () => linux.virtToPhys(handle.taskd, handle));
  for (const { address, expected, what } of readableStrings(guest, process)) {
    const about = `pid ${pid}: ${what}`;
    log.compare('virtualMemoryRead', about, expected, () =>
      linux.virtualMemoryRead(address, expected.length, handle),
    );
    const first = expected.subarray(0, PAGE_SIZE - Number(address % BigInt(PAGE_SIZE)));
    log.compare('virtToPhys', about, first, () => {
      const physical = linux.virtToPhys(address, handle);
      return physical === undefined ? undefined : plain(bytes.read(physical, first.length));
    });
    log.compare('virtualMemoryWrite', `${about}, to a dump`, new Refused('MEMORY_READ_ONLY'), () =>
      linux.virtualMemoryWrite(address, expected, handle),
    );
    if (writable !== undefined) checkWrite(guest, { address, expected, about }, process, writable, log);
  }
  const below = BigInt(mappings?.[0]?.base ?? 0) - BigInt(PAGE_SIZE);
  if (mappings === undefined || below < 0n || mappingAt(mappings, below) !== undefined) return;
  log.compare('virtToPhys', `pid ${pid}: nothing`, undefined, () => linux.virtToPhys(below, handle));
  log.compare('virtualMemoryRead', `pid ${pid}: nothing`, new Refused('PAGE_NOT_PRESENT'), () =>
    linux.virtualMemoryRead(below, 1, handle),
  );
}

/** A write must reach the very bytes that were read. */
function checkWrite(
  { bytes }: StoppedGuest,
  piece: { readonly address: bigint; readonly expected: Uint8Array; readonly about: string },
  { handle }: ProcessTruth,
  { linux, writes }: WritableGuest,
  log: CallLog,
): void {
  writes.length = 0;
  log.compare('virtualMemoryWrite', piece.about, piece.expected, () => {
    linux.virtualMemoryWrite(piece.address, piece.expected, handle);
    return plain(Buffer.concat(writes.map((write) => write.bytes)));
  });
  for (const write of writes)
    log.compare('virtualMemoryWrite', `${piece.about}: place`, plain(write.bytes), () =>
      plain(bytes.read(write.physical, write.bytes.length)),
    );
}

/** The strings of a process that are in memory as `/proc` showed them: readable, not sent to the swap, not moved. */
function readableStrings(
  guest: StoppedGuest,
  { pid }: ProcessTruth,
): { address: bigint; expected: Uint8Array; what: string }[] {
  const process = guest.truth.processes.find((found) => found.pid === pid);
  const stat = textOf(guest.file(`/proc/${pid}/stat`) ?? new Uint8Array());
  // Counted from 1; the second one, the name, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return STRINGS.flatMap(([what, file, field]) => {
    const [address, end] = [BigInt(fields[field - 3] ?? 0), BigInt(fields[field - 2] ?? 0)];
    const expected = guest.file(`/proc/${pid}/${file}`);
    const gone = process?.unreadable?.includes(what) === true || process?.pagedOut?.includes(what) === true;
    if (expected === undefined || expected.length === 0 || gone) return [];
    return BigInt(expected.length) === end - address ? [{ address, expected, what }] : [];
  });
}

/** Tasks of i386 guests, and those of the first ones of others, lie in the direct map; `init_task` is in the image. */
function isDirect({ truth }: StoppedGuest, taskd: bigint): boolean {
  return taskd !== truth.tasks[0]?.task;
}

function plain(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes && Uint8Array.from(bytes);
}
