import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { OsiError, PAGE_SIZE, type PhysicalRange } from '@osi-linux/core';
import { openDump } from '@osi-linux/memory';
import { openFileSource } from '@osi-linux/memory/node';
import type { GuestState } from '../live-guest';
import type { MemoryReader } from '../live-memory';
import type { QmpClient, QmpCommand } from '../qmp-client';

const BATCH = 32;

/**
 * The memory that QEMU writes into files of a temporary folder, which both must be able to reach: runs of
 * memory by `pmemsave`, and the processors by a `dump-guest-memory` of one page. Each file is removed as soon
 * as it was read.
 */
export class MemoryFiles implements MemoryReader {
  // Measured on a busy machine: a command takes as long as half a MiB more.
  readonly worthOfRun = 512 * 1024;
  readonly readAhead = 64 * 1024;
  /** The folder, which only its owner may enter. */
  readonly folder: string;
  private readonly qmp: QmpClient;
  private readonly probe: PhysicalRange;

  private constructor(qmp: QmpClient, folder: string, probe: PhysicalRange) {
    this.qmp = qmp;
    this.folder = folder;
    this.probe = probe;
  }

  /**
   * Finds a folder that QEMU can write to: in memory where there is such a file system, for temporary files, or that of
   * the socket. `probe` is memory that is there; `made` is called with each folder.
   *
   * @throws OsiError `LIVE_READ_FAILED` where there is none.
   */
  static open(
    qmp: QmpClient,
    socket: string | undefined,
    probe: PhysicalRange,
    made: (folder: string) => void,
  ): MemoryFiles {
    const places = ['/dev/shm', tmpdir(), ...(socket === undefined ? [] : [dirname(socket)])];
    let cause: unknown;
    for (const place of places) {
      try {
        return MemoryFiles.tryFolder(qmp, place, probe, made);
      } catch (error) {
        if (OsiError.is(error) && error.code !== 'LIVE_READ_FAILED') throw error;
        cause = error;
      }
    }
    throw new OsiError(
      'LIVE_READ_FAILED',
      `QEMU cannot write its memory to a folder: tried ${places.join(', ')}`,
      {
        hint: 'run the command as the user of QEMU, set TMPDIR to a folder that both can use, or read through the gdb stub',
        cause,
        fields: { places },
      },
    );
  }

  readRuns(runs: readonly PhysicalRange[]): Uint8Array[] {
    const read: Uint8Array[] = [];
    for (let at = 0; at < runs.length; at += BATCH) read.push(...this.readBatch(runs.slice(at, at + BATCH)));
    return read;
  }

  /** The processors, and VMCOREINFO where QEMU knows it. A guest that runs is stopped by QEMU for a millisecond. */
  readState(): GuestState {
    const path = join(this.folder, 'state');
    try {
      this.qmp.execute('dump-guest-memory', {
        paging: false,
        protocol: `file:${path}`,
        begin: this.probe.start,
        length: PAGE_SIZE,
      });
      const dump = openDump(openFileSource(path));
      const { cpus, machine, vmcoreinfo } = dump;
      dump.close();
      return {
        cpus,
        ...(machine === undefined ? {} : { machine }),
        ...(vmcoreinfo === undefined ? {} : { vmcoreinfo }),
      };
    } finally {
      rmSync(path, { force: true });
    }
  }

  /** Removes the folder. */
  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private static tryFolder(
    qmp: QmpClient,
    place: string,
    probe: PhysicalRange,
    made: (folder: string) => void,
  ): MemoryFiles {
    const files = new MemoryFiles(qmp, makeFolder(place), probe);
    made(files.folder);
    try {
      files.readRuns([{ start: probe.start, end: probe.start + PAGE_SIZE }]);
      return files;
    } catch (error) {
      files.close();
      throw error;
    }
  }

  private readBatch(runs: readonly PhysicalRange[]): Uint8Array[] {
    const paths = runs.map((_, index) => join(this.folder, String(index)));
    const commands = runs.map(({ start, end }, index): QmpCommand => {
      const filename = paths[index];
      return { execute: 'pmemsave', arguments: { val: start, size: end - start, filename } };
    });
    try {
      const answers = this.qmp.executeAll(commands);
      return runs.map((run, index) => readRun(run, paths[index] ?? '', answers[index]));
    } finally {
      for (const path of paths) rmSync(path, { force: true });
    }
  }
}

function makeFolder(place: string): string {
  try {
    return mkdtempSync(join(place, 'osi-linux-'));
  } catch (cause) {
    throw new OsiError('LIVE_READ_FAILED', `cannot create a folder in ${place}`, {
      cause,
      fields: { place },
    });
  }
}

function readRun({ start, end }: PhysicalRange, path: string, answer: unknown): Uint8Array {
  try {
    if (OsiError.is(answer)) throw answer;
    // A file of another size would be read as memory that it is not.
    if (statSync(path).size !== end - start) throw new RangeError(`${path} does not have the requested size`);
    return readFileSync(path);
  } catch (cause) {
    throw new OsiError(
      'LIVE_READ_FAILED',
      `QEMU did not write physical 0x${start.toString(16)} into ${path}`,
      {
        hint: 'check that the folder has free space, and that this process can read the files that QEMU writes there',
        cause,
        fields: { physicalAddress: start, path },
      },
    );
  }
}
