import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, as distinct from a later one with the same number. */
export interface ClaimOwner {
  /** The machine, its boot and its namespace of process numbers; those of others say nothing here. */
  readonly realm: string;
  readonly pid: number;
  /** When it started, in the kernel's ticks since boot; 0 if that is not known. */
  readonly start: number;
}

/** This process. */
export function ownClaimOwner(): ClaimOwner {
  const parts = [
    hostname(),
    readText(() => readlinkSync('/proc/self/ns/pid')),
    readText(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
  ];
  const realm = createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 8);
  return { realm, pid: process.pid, start: readProcess(process.pid)?.start ?? 0 };
}

/** Whether a process of this realm is still there. */
export function isAlive({ pid, start }: ClaimOwner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: there, but of another user.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const found = readProcess(pid);
  if (found === undefined) return true;
  const isSame = start === 0 || found.start === start;
  return isSame && found.state !== 'Z' && found.state !== 'X';
}

/** From `/proc/PID/stat`; `undefined` if there is no such file to read. */
function readProcess(pid: number): { readonly state: string; readonly start: number } | undefined {
  const text = readText(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The name in brackets may hold anything; the state is the first word behind it, the start the twentieth.
  const words = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const start = Number(words[19]);
  return words[0] === undefined || !Number.isSafeInteger(start) ? undefined : { state: words[0], start };
}

function readText(read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error) return '';
    throw error;
  }
}
