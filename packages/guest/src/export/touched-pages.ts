import {
  attempt,
  type OsiError,
  type Page,
  type PhysicalAddress,
  type PhysicalMemory,
  type PhysicalRange,
  type Skipped,
} from '@osi-linux/core';
import { readUtsname, Task } from '@osi-linux/kstruct';
import { FrameSet } from '@osi-linux/memory';
import type { OsiLinux } from '@osi-linux/osi-linux';
import type { Guest } from '../guest';
import { findKaslrShift } from '../kernel/kaslr';

/**
 * Physical memory that notes every page that is read through it, scans left out.
 *
 * @example
 * ```ts
 * declare const dump: Dump;
 * declare const keyFile: KeyFile;
 * const memory = new RecordingMemory(dump.memory);
 * readAllListings(openGuest({ ...dump, memory }, { keyFile }));
 * memory.frames.size > 100 // => true
 * ```
 */
export class RecordingMemory implements PhysicalMemory {
  /** The frames of the pages that were read, and are there. */
  readonly frames = new FrameSet();
  private readonly memory: PhysicalMemory;

  constructor(memory: PhysicalMemory) {
    this.memory = memory;
  }

  get ranges(): readonly PhysicalRange[] {
    return this.memory.ranges;
  }

  page(frame: number): Page | undefined {
    const page = this.memory.page(frame);
    if (page !== undefined) this.frames.add(frame);
    return page;
  }

  hole(frame: number): OsiError {
    return this.memory.hole(frame);
  }

  scan(address: PhysicalAddress, into: Uint8Array): number {
    return this.memory.scan(address, into);
  }
}

/** More roots and mount namespaces than guests have that somebody looks at one by one. */
const MOST_MOUNT_VIEWS = 256;

/**
 * Reads every listing, for all processes and threads, and the answer of `identify`; returns everything that
 * could not be read.
 *
 * @example
 * ```ts
 * declare const guest: Guest;
 * readAllListings(guest) // => []
 * ```
 */
export function readAllListings(guest: Guest): readonly Skipped[] {
  const skipped = Object.entries(LISTINGS).flatMap(([name, read]) => {
    return attempt(
      () => read(guest.linux).skipped,
      (reason) => [{ subject: { kind: 'list' as const, name }, reason }],
    );
  });
  // Unreadable mounts of other processes are reported where they are listed, not here: some of the processes
  // may be ending.
  for (const pid of otherMountViews(guest)) readIfThere(() => guest.linux.getMounts(pid));
  readIfThere(() => readUtsname(guest.profile.kernel));
  readIfThere(() => findKaslrShift(guest));
  return skipped;
}

const LISTINGS: Readonly<Record<string, (linux: OsiLinux) => { readonly skipped: readonly Skipped[] }>> = {
  processes: (linux) => linux.getProcesses(),
  threads: (linux) => linux.getThreads(),
  'names of kernel threads': (linux) => linux.getTitles([...linux.getProcesses(), ...linux.getThreads()]),
  'current processes': (linux) => linux.getCurrent(),
  mappings: (linux) => linux.getMappings({ threads: true }),
  files: (linux) => linux.getFiles({ threads: true }),
  modules: (linux) => linux.getModules(),
  mounts: (linux) => linux.getMounts(),
  environments: (linux) => linux.getEnvironments(),
  sockets: (linux) => linux.getSockets(),
  log: (linux) => linux.getLog(),
  'hidden processes and modules': (linux) => linux.findHidden(),
};

/** For each root directory but that of pid 1, the first process that has it. */
function otherMountViews({ linux, profile }: Guest): number[] {
  const processes = readIfThere(() => linux.getProcesses()) ?? [];
  const rows = processes.map(({ pid, taskd }) => ({
    pid,
    root: readIfThere(() => {
      const root = new Task(profile.kernel, taskd).fs?.root;
      return root === undefined ? undefined : `${root.mnt} ${root.dentry}`;
    }),
  }));
  const seen = new Set(rows.filter(({ pid }) => pid === 1).map(({ root }) => root));
  const pids: number[] = [];
  for (const { pid, root } of rows) {
    if (pid === null || root === undefined || seen.has(root)) continue;
    seen.add(root);
    if (pids.push(pid) === MOST_MOUNT_VIEWS) break;
  }
  return pids;
}

/** Memory that is read here is read again where it is listed, with the reason for each missing part. */
function readIfThere<Value>(read: () => Value): Value | undefined {
  return attempt(read, () => undefined);
}
