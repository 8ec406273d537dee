import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, type Stats } from 'node:fs';
import { OsiError } from '@osi-linux/core';
import { formatByteSize } from '../output/byte-size';

/** Logs and key files above this are refused, in bytes: the log of a kernel has a few MiB. */
export const INPUT_LIMIT = 64 * 1024 * 1024;

/** The clock that times the wait for the writer of a FIFO: that of the machine, or one that a test turns. */
export interface InputClock {
  /** Milliseconds since some moment; never goes back. */
  now(): number;
  sleep(milliseconds: number): void;
}

const FLAG = new Int32Array(new SharedArrayBuffer(4));
const SYSTEM_CLOCK: InputClock = {
  now: () => performance.now(),
  sleep: (milliseconds) => void Atomics.wait(FLAG, 0, 0, milliseconds),
};

const PIECE = new Uint8Array(64 * 1024);
const NOTHING = new Uint8Array(0);
/** How long a FIFO may have no writer. */
const WRITER_WITHIN = 10_000;
const LOOK_EVERY = 20;
/** Linux Documentation/admin-guide/devices.txt: 1 char, 11. */
const KMSG = { major: 1, minor: 11 } as const;

/** A file that is read from its beginning to its end. */
interface OpenInput {
  readonly path: string;
  readonly fd: number;
  readonly stats: Stats;
  readonly clock: InputClock;
}

/**
 * Reads a whole file: a regular one, a pipe or `/dev/kmsg`. The bytes are counted as they come, since the size of a
 * file may be wrong.
 *
 * @throws OsiError `FILE_UNREADABLE` also for any other device, and for a FIFO that no process opens for writing within
 * 10 s; `INPUT_TOO_LARGE`.
 */
export function readWholeFile(path: string, clock = SYSTEM_CLOCK, limit = INPUT_LIMIT): Uint8Array {
  // With O_NONBLOCK, a FIFO without a writer is opened, and the end of /dev/kmsg is an error. Windows has no such flag.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
  const fd = system(path, () => openSync(path, flags));
  try {
    const stats = system(path, () => fstatSync(fd));
    if (isDevice(stats) && !isKmsg(stats)) throw deviceRefused(path);
    if (stats.size > limit) throw tooLarge(path, limit);
    return readToEnd({ path, fd, stats, clock }, limit);
  } finally {
    closeSync(fd);
  }
}

/** Whether a file is `/dev/kmsg`, whose reader waits at the end for the next message. */
export function isKmsg(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === KMSG.major * 256 + KMSG.minor;
}

/** More bytes than are read. */
export function tooLarge(what: string, limit: number): OsiError {
  return new OsiError('INPUT_TOO_LARGE', `${what} has more than ${formatByteSize(BigInt(limit))}`, {
    hint: 'cut it down to the lines from KERNELINFO-BEGIN to KERNELINFO-END',
    fields: { what, limit },
  });
}

function readToEnd(input: OpenInput, limit: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (let piece = readPiece(input); piece.length > 0; piece = readPiece(input, true)) {
    length += piece.length;
    if (length > limit) throw tooLarge(input.path, limit);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** The next bytes; none at the end. `begun` means that some were read before. */
function readPiece(input: OpenInput, begun = false): Uint8Array {
  const { path, clock, stats } = input;
  const end = clock.now() + WRITER_WITHIN;
  const awaitsWriter = !begun && stats.isFIFO() && hasName(path);
  for (let hasWriter = !awaitsWriter; ; ) {
    const read = tryRead(input);
    if (typeof read !== 'string' && (read.length > 0 || hasWriter)) return read;
    // A pipe that has a writer, but no bytes yet.
    if (read === 'EAGAIN' && !stats.isFIFO()) return NOTHING;
    if (read === 'EAGAIN') hasWriter = true;
    else if (read !== 'EPIPE' && clock.now() >= end) throw writerMissing(path);
    if (read !== 'EPIPE') clock.sleep(LOOK_EVERY);
  }
}

/** The bytes of one read: EAGAIN if there are none yet, EPIPE if messages of the kernel were overwritten. */
function tryRead({ path, fd }: OpenInput): Uint8Array | 'EAGAIN' | 'EPIPE' {
  try {
    // A copy: a read of /dev/kmsg returns one message.
    return PIECE.slice(0, readSync(fd, PIECE, 0, PIECE.length, null));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN' || code === 'EPIPE') return code;
    throw unreadable(path, error);
  }
}

/** Whether a pipe is a FIFO of the file system; the name of any other leads nowhere. */
function hasName(path: string): boolean {
  try {
    realpathSync(path);
    return true;
  } catch {
    // /dev/fd/63 is a link to "pipe:[4711]".
    return false;
  }
}

function isDevice(stats: Stats): boolean {
  return stats.isCharacterDevice() || stats.isBlockDevice();
}

function system<Value>(path: string, act: () => Value): Value {
  try {
    return act();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): OsiError {
  return new OsiError('FILE_UNREADABLE', `cannot read ${path}`, { cause, fields: { path } });
}

function deviceRefused(path: string): OsiError {
  return new OsiError('FILE_UNREADABLE', `cannot read ${path}: it is a device`, {
    hint: 'give a file, a pipe or /dev/kmsg',
    fields: { path },
  });
}

function writerMissing(path: string): OsiError {
  return new OsiError('FILE_UNREADABLE', `cannot read ${path}: no process writes to this FIFO`, {
    hint: `start the process that writes to it within ${WRITER_WITHIN / 1000} s`,
    fields: { path },
  });
}
