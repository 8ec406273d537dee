import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { OsiError, type PhysicalRange } from '@osi-linux/core';
import type { MemoryReader } from '../live-memory';
import type { RamRange } from '../memory-map';
import type { QmpClient } from '../qmp-client';

interface SharedBlock {
  readonly fd: number;
  readonly size: number;
}

/**
 * RAM that QEMU shares with others in a file (`-object memory-backend-file,share=on`): it is read there, and
 * memory outside such a file by another reader.
 */
export class SharedRam implements MemoryReader {
  readonly worthOfRun = 4096;
  readonly readAhead = 16 * 1024;
  private readonly blocks: ReadonlyMap<string, SharedBlock>;
  private readonly ranges: readonly RamRange[];
  private readonly others: MemoryReader;

  private constructor(
    blocks: ReadonlyMap<string, SharedBlock>,
    ranges: readonly RamRange[],
    others: MemoryReader,
  ) {
    this.blocks = blocks;
    this.ranges = ranges;
    this.others = others;
  }

  /** The reader, or `undefined` if the guest shares no RAM in a file that can be read here. */
  static find(qmp: QmpClient, ranges: readonly RamRange[], others: MemoryReader): SharedRam | undefined {
    const blocks = new Map<string, SharedBlock>();
    for (const name of new Set(ranges.map(({ block }) => block))) {
      const block = openBlock(qmp, name);
      if (block !== undefined) blocks.set(name, block);
    }
    return blocks.size === 0 ? undefined : new SharedRam(blocks, ranges, others);
  }

  readRuns(runs: readonly PhysicalRange[]): Uint8Array[] {
    return runs.map((run) => this.readRun(run));
  }

  /** Closes the files. */
  close(): void {
    for (const { fd } of this.blocks.values()) closeSync(fd);
  }

  private readRun({ start, end }: PhysicalRange): Uint8Array {
    const bytes = new Uint8Array(end - start);
    for (const range of this.ranges) {
      const [from, to] = [Math.max(start, range.start), Math.min(end, range.end)];
      if (from >= to) continue;
      const part = bytes.subarray(from - start, to - start);
      const block = this.blocks.get(range.block);
      const at = range.offset + from - range.start;
      if (block === undefined || at + part.length > block.size)
        this.readOther({ start: from, end: to }, part);
      else readWhole(block.fd, part, at);
    }
    return bytes;
  }

  private readOther(run: PhysicalRange, into: Uint8Array): void {
    const [bytes] = this.others.readRuns([run]);
    if (bytes !== undefined) into.set(bytes);
  }
}

function openBlock(qmp: QmpClient, name: string): SharedBlock | undefined {
  const path = name.startsWith('/objects/') ? name : `/objects/${name}`;
  const [file, share] = qmp.executeAll(
    ['mem-path', 'share'].map((property) => ({ execute: 'qom-get', arguments: { path, property } })),
  );
  // An object that is not a memory backend has an error here, and one without a file too.
  if (typeof file !== 'string' || share !== true) return undefined;
  try {
    const stats = statSync(file);
    return stats.isFile() ? { fd: openSync(file, 'r'), size: stats.size } : undefined;
  } catch {
    // In another namespace or not to be read: QEMU is asked instead.
    return undefined;
  }
}

function readWhole(fd: number, into: Uint8Array, position: number): void {
  for (let done = 0; done < into.length; ) {
    const read = readSync(fd, into, done, into.length - done, position + done);
    if (read === 0) {
      throw new OsiError(
        'LIVE_READ_FAILED',
        `the file of the guest's memory ends before offset ${position + done}`,
        {
          hint: 'QEMU ended, or its memory was unplugged: start again',
          fields: { position: position + done },
        },
      );
    }
    done += read;
  }
}
