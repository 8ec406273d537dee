import { closeSync, ftruncateSync, openSync, readSync, statfsSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OsiError } from '@osi-linux/core';
import type { ByteSource } from '../../sources/byte-source';
import { DescriptorSource } from './descriptor-source';

const BLOCK = 4096;
// Zeros between two stretches of a file that are searched with them.
const NEAR = 1024 * 1024;
// Left free for everybody else, this or a tenth of what is free at the beginning. It is asked for again after so many
// bytes.
const RESERVE = 64 * 1024 * 1024;
const RESERVED_PART = 10;
const CHECK_EVERY = 64 * 1024 * 1024;

// Memory packs to a third or a tenth, and zeros, which cost no space, to a ten-thousandth. More than this, and so much
// for nothing, is a file that was made to fill the disk.
const MOST_WRITTEN_RATIO = 500;
const MOST_WRITTEN_FOR_NOTHING = 256 * 1024 * 1024;
const MOST_RATIO = 10_000;
const MOST_FOR_NOTHING = 16 * 1024 ** 3;

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
  /** Bytes that were free in the folder at the beginning. */
  readonly free: number;
  private readonly packedSize: number;
  private written = 0;
  /** The bytes left before the free space is checked again. */
  private allowance = 0;

  /** `name` and `packedSize` are those of the packed file. @throws OsiError `SOURCE_UNPACK_FAILED`. */
  constructor(name: string, folder: string = tmpdir(), packedSize = Number.POSITIVE_INFINITY) {
    this.name = name;
    this.folder = folder;
    this.packedSize = packedSize;
    this.free = this.attempt(() => freeBytes(folder));
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
    if (this.size > MOST_FOR_NOTHING + this.packedSize * MOST_RATIO) throw this.tooMuch(this.size);
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
      const free = this.attempt(() => freeBytes(this.folder)) - Math.max(RESERVE, this.free / RESERVED_PART);
      if (free < length) throw this.failure(`${this.folder} is full after ${this.size} bytes`);
      this.allowance = Math.min(CHECK_EVERY, free);
    }
    this.allowance -= length;
    this.written += length;
    if (this.written > MOST_WRITTEN_FOR_NOTHING + this.packedSize * MOST_WRITTEN_RATIO)
      throw this.tooMuch(this.written);
  }

  private tooMuch(bytes: number): OsiError {
    return this.failure(`${this.packedSize} bytes unpack to more than ${bytes - 1}, which no dump does`);
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

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== 0) return false;
  return Buffer.compare(bytes.subarray(start, end), ZEROS.subarray(0, end - start)) === 0;
}

const ZEROS = new Uint8Array(BLOCK);
