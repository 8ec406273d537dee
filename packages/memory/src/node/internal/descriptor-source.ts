import { closeSync, readSync } from 'node:fs';
import { OsiError } from '@osi-linux/core';
import type { ByteSource, SourceExtent } from '../../sources/byte-source';
import { findExtents } from './file-extents';

/** A file that is open, read with `readSync`. */
export class DescriptorSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  private fd: number | undefined;
  private kept: { readonly extents: readonly SourceExtent[] | undefined } | undefined;

  /** `extents` are its parts on the disk; they are asked for when they are needed, unless given. */
  constructor(name: string, fd: number, size: number, extents?: readonly SourceExtent[]) {
    this.name = name;
    this.fd = fd;
    this.size = size;
    if (extents !== undefined) this.kept = { extents };
  }

  get extents(): readonly SourceExtent[] | undefined {
    this.kept ??= { extents: this.fd === undefined ? undefined : findExtents(this.fd, this.size) };
    return this.kept.extents;
  }

  read(position: number, into: Uint8Array): number {
    if (this.fd === undefined) {
      throw new OsiError('SOURCE_CLOSED', `${this.name} was closed`, { fields: { path: this.name } });
    }
    let done = 0;
    while (done < into.length) {
      const read = this.readSome(this.fd, into, done, position + done);
      if (read === 0) break;
      done += read;
    }
    return done;
  }

  close(): void {
    // The number may soon be another file's.
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }

  private readSome(fd: number, into: Uint8Array, done: number, position: number): number {
    try {
      return readSync(fd, into, done, into.length - done, position);
    } catch (cause) {
      throw new OsiError('SOURCE_READ_FAILED', `${this.name} cannot be read at offset ${position}`, {
        hint: 'the disk or the network file system failed: copy the file elsewhere',
        fields: { path: this.name, position },
        cause,
      });
    }
  }
}
