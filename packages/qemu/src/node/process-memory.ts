import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { OsiError, PAGE_SIZE, type PhysicalRange } from '@osi-linux/core';
import type { MemoryReader } from '../live-memory';
import type { RamRange } from '../memory-map';
import type { QmpClient } from '../qmp-client';

interface HostRange extends PhysicalRange {
  /** Where it is in QEMU's address space. */
  readonly host: number;
}

const MOST_RANGES = 256;
const ADDRESS_END = 2 ** 47;

/**
 * The guest's RAM in the memory of the QEMU process that listens on the socket, where the system lets us read it (as root,
 * or as QEMU's user where ptrace is allowed): no command, no file, and a page in two microseconds. Linux only.
 */
export class ProcessMemory implements MemoryReader {
  readonly worthOfRun = PAGE_SIZE;
  readonly readAhead = PAGE_SIZE;
  /** QEMU's process id. */
  readonly pid: number;
  private readonly fd: number;
  private readonly ranges: readonly HostRange[];

  private constructor(pid: number, fd: number, ranges: readonly HostRange[]) {
    this.pid = pid;
    this.fd = fd;
    this.ranges = ranges;
  }

  /** The reader, or `undefined` where QEMU's memory cannot be read, or does not show what `others` read. */
  static find(
    qmp: QmpClient,
    socket: string,
    ranges: readonly RamRange[],
    others: MemoryReader,
  ): ProcessMemory | undefined {
    const pid = findProcess(socket);
    const hosts = pid === undefined ? undefined : locate(qmp, ranges);
    const fd = pid === undefined || hosts === undefined ? undefined : openMemory(pid);
    if (pid === undefined || hosts === undefined || fd === undefined) return undefined;
    const found = new ProcessMemory(pid, fd, hosts);
    if (found.agrees(others)) return found;
    found.close();
    return undefined;
  }

  readRuns(runs: readonly PhysicalRange[]): Uint8Array[] {
    return runs.map((run) => {
      const bytes = new Uint8Array(run.end - run.start);
      for (const range of this.ranges) {
        const [from, to] = [Math.max(run.start, range.start), Math.min(run.end, range.end)];
        if (from < to)
          this.read(bytes.subarray(from - run.start, to - run.start), range.host + from - range.start);
      }
      return bytes;
    });
  }

  /** Lets go of QEMU's memory. */
  close(): void {
    closeSync(this.fd);
  }

  /** Compares the firmware, which is there in every machine and does not change: the last page of the last range. */
  private agrees(others: MemoryReader): boolean {
    const end = this.ranges.at(-1)?.end ?? 0;
    const page = [{ start: end - PAGE_SIZE, end }];
    try {
      const [[ours], [theirs]] = [this.readRuns(page), others.readRuns(page)];
      return ours?.every((byte, at) => byte === theirs?.[at]) === true;
    } catch (error) {
      if (!OsiError.is(error)) throw error;
      return false;
    }
  }

  private read(into: Uint8Array, position: number): void {
    for (let done = 0; done < into.length; ) {
      const read = readSome(this.fd, into.subarray(done), position + done);
      if (read === 0) {
        throw new OsiError('LIVE_CONNECTION_LOST', `the memory of QEMU, process ${this.pid}, is gone`, {
          hint: 'QEMU ended: start again when the guest runs again',
          fields: { pid: this.pid },
        });
      }
      done += read;
    }
  }
}

/** Memory that the kernel refuses is as good as gone. */
function readSome(fd: number, into: Uint8Array, position: number): number {
  try {
    return readSync(fd, into, 0, into.length, position);
  } catch {
    return 0;
  }
}

/** The process that has a socket of this path open; `undefined` if it is not seen from here. */
function findProcess(socket: string): number | undefined {
  const path = resolve(socket);
  try {
    const links = new Set<string>();
    for (const line of readFileSync('/proc/net/unix', 'utf8').split('\n')) {
      // Num RefCount Protocol Flags Type St Inode Path
      const found = /^\S+ \S+ \S+ \S+ \S+ \S+ +(\d+) (.+)$/.exec(line);
      if (found?.[2] === path) links.add(`socket:[${found[1]}]`);
    }
    const processes = links.size === 0 ? [] : readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return processes.map(Number).find((pid) => isQemu(pid) && holds(pid, links));
  } catch {
    // Not Linux, or a /proc without the facts.
    return undefined;
  }
}

function isQemu(pid: number): boolean {
  try {
    return /qemu|kvm/i.test(readFileSync(`/proc/${pid}/comm`, 'latin1'));
  } catch {
    // It has just ended.
    return false;
  }
}

function holds(pid: number, links: ReadonlySet<string>): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((name) => links.has(linkOf(join(folder, name))));
  } catch {
    // Another user's.
    return false;
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // It was just closed.
    return '';
  }
}

/** Where each range is in QEMU's address space; `undefined` if the place of one of them is not known. */
function locate(qmp: QmpClient, ranges: readonly RamRange[]): HostRange[] | undefined {
  if (ranges.length > MOST_RANGES) return undefined;
  const commands = ranges.flatMap(({ start, end }) =>
    [start, end - 1].map((at) => ({
      execute: 'human-monitor-command',
      arguments: { 'command-line': `gpa2hva 0x${at.toString(16)}` },
    })),
  );
  const answers = qmp.executeAll(commands).map(hostAddress);
  const found: HostRange[] = [];
  for (const [index, { start, end }] of ranges.entries()) {
    const [host, last] = [answers[index * 2], answers[index * 2 + 1]];
    if (host === undefined || last !== host + end - 1 - start) return undefined;
    found.push({ start, end, host });
  }
  return found;
}

function hostAddress(answer: unknown): number | undefined {
  const digits = /^Host virtual address for .* is 0x([0-9a-f]{1,16})\s*$/.exec(String(answer))?.[1];
  const address = Number.parseInt(digits ?? '', 16);
  return address < ADDRESS_END ? address : undefined;
}

function openMemory(pid: number): number | undefined {
  try {
    return openSync(`/proc/${pid}/mem`, 'r');
  } catch {
    // Not ours to read: QEMU is asked instead.
    return undefined;
  }
}
