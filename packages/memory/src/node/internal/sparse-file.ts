import { closeSync, ftruncateSync, openSync, readSync, statfsSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OsiError } from '@osi-linux/core';
import type { ByteSource } from '../../sources/byte-source';
import { DescriptorSource } from './descriptor-source';

const BLOCK = 4096;
// Zeros between two stretches of a file that are searched with them.
const NEAR = 1024 * 1024;
// Left free for everybody else, and asked for again after so many bytes.
const RESERVE = 64 * 1024 * 1024;
const CHECK_EVERY = 64 * 1024 * 1024;

/**
 * A temporary file that has no name any more, so that nothing is left of it however the process ends. Blocks of zeros
 * are left out.
 */
export class SparseFile {
  readonly folder: string;
  size = 0;
  private readonly fd: number;
  private readonly name: string;
  private readonly extents: { start: number; end: number }[] = [];
  /** The bytes left before the free space is checked again. */
  private allowance = 0;

  /** `name` is the name of the packed file, for messages. @throws OsiError `SOURCE_UNPACK_FAILED`. */
  constructor(name: string, folder: string = tmpdir()) {
    this.name = name;
    this.folder = folder;
    this.fd = this.attempt(() => {
      const path = join(folder, `osi-linux-${process.pid}-${crypto.randomUUID()}`);
      const fd = openSync(path, 'wx+', 0o600);
      unlinkSync(path);
      return fd;
    });
  }

  /** Adds bytes at the end. @throws OsiError `SOURCE_UNPACK_FAILED` where the disk is full. */
  append(bytes: Uint8Array): void {
    let start = 0;
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + BLOCK - ((this.size + at) % BLOCK));
      if (isZero(bytes, at, end)) {
        this.write(bytes, start, at);
        start = end;
      }
      at = end;
    }
    this.write(bytes, start, bytes.length);
    this.size += bytes.length;
  }

  /**
   * Reads the added bytes; zeros at their end may not be in the file yet.
   *
   * @throws OsiError `SOURCE_UNPACK_FAILED`.
   */
  read(position: number, into: Uint8Array): void {
    let done = 0;
    for (let read = -1; read !== 0 && done < into.length; done += read) {
      read = this.attempt(() => readSync(this.fd, into, done, into.length - done, position + done));
    }
    into.fill(0, done);
  }

  /** The file as a source, to which it belongs from then on. */
  finish(): ByteSource {
    this.attempt(() => ftruncateSync(this.fd, this.size));
    return new DescriptorSource(this.name, this.fd, this.size, this.extents);
  }

  /** Gives the space back. */
  discard(): void {
    closeSync(this.fd);
  }

  private write(bytes: Uint8Array, start: number, end: number): void {
    if (start < end) this.note(this.size + start, this.size + end);
    for (let at = start; at < end; ) {
      const length = Math.min(end - at, CHECK_EVERY);
      this.reserve(length);
      at += this.attempt(() => writeSync(this.fd, bytes, at, length, this.size + at));
    }
  }

  /** Extents near each other are one, so that they stay few. */
  private note(start: number, end: number): void {
    const last = this.extents[this.extents.length - 1];
    if (last !== undefined && start - last.end < NEAR) last.end = end;
    else this.extents.push({ start, end });
  }

  /** A disk that is full stops other programs too. */
  private reserve(length: number): void {
    if (this.allowance < length) {
      const { bavail, bsize } = this.attempt(() => statfsSync(this.folder));
      const free = bavail * bsize - RESERVE;
      if (free < length) throw this.failure(`${this.folder} is full after ${this.size} bytes`);
      this.allowance = Math.min(CHECK_EVERY, free);
    }
    this.allowance -= length;
  }

  private attempt<Value>(act: () => Value): Value {
    try {
      return act();
    } catch (cause) {
      if (OsiError.is(cause)) throw cause;
      throw this.failure(
        `cannot write to ${this.folder} (${String((cause as { code?: unknown }).code)})`,
        cause,
      );
    }
  }

  private failure(what: string, cause?: unknown): OsiError {
    return new OsiError('SOURCE_UNPACK_FAILED', `${this.name} cannot be unpacked: ${what}`, {
      hint: 'unpack the file by hand in a folder with free space, or set TMPDIR to one',
      fields: { source: this.name, folder: this.folder, bytes: this.size },
      cause,
    });
  }
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (bytes[at] !== 0) return false;
  return true;
}
