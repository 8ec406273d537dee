import {
  attempt,
  decodeText,
  type OsiError,
  offsetAddress,
  PAGE_SIZE,
  readBytes,
  type SkippedLog,
  type VirtualAddress,
} from '@osi-linux/core';
import { implausible } from '../kernel/implausible';
import { type Kernel, requireKey } from '../kernel/kernel';
import { SkippedRun } from '../kernel/skipped-run';
import { StructView } from '../kernel/struct-view';
import { requireLogBuffer } from './log-buffer';
import type { LogRecord } from './log-record';

/** 128 MiB; the kernel allows for any power of two that it can allocate. */
const LOG_BUF_LIMIT = 2 ** 27;

const NEWLINE = 10;

/** `<level>`, which can have the facility above its three bits, and the time where printk.time is on. */
const PREFIX = /^<(\d{1,10})>(?:\[ *(\d{1,11})\.(\d{6})\] )?/;

/** More bytes than a prefix has. */
const PREFIX_LIMIT = 40;

/**
 * Yields the records of the kernel log while it was a ring of characters, the oldest first: one for each line.
 *
 * `log_end` counts the characters that were ever written. A ring that has gone round begins in the middle of a line,
 * which is left out. Lines that were cleared (`logged_chars`) are yielded as long as they are in the ring. A line
 * without a prefix continues the record before it. A record without a time was printed while `printk.time` was off.
 *
 * Corresponds to `emit_log_char` and `vprintk` in kernel/printk.c, before
 * Linux commit 7ff9554bb578 ("printk: convert byte-buffer to variable-length record buffer") (in v3.5).
 *
 * @throws OsiError `PROFILE_KEY_MISSING`, or `STRUCT_IMPLAUSIBLE` where the ring's own numbers make no sense.
 */
export function* eachCharacterRecord(kernel: Kernel, skipped: SkippedLog): Generator<LogRecord> {
  const ring = new CharacterRing(kernel);
  const lost = new SkippedRun(skipped, { kind: 'log-record' });
  const texts = new SkippedRun(skipped, { kind: 'log-record', field: 'text' });
  let open: OpenRecord | undefined;
  let number = 0;
  for (const { bytes, fault } of ring.eachLine(skipped)) {
    const head = readHead(bytes);
    if (head !== undefined) {
      if (open !== undefined) yield open.end(texts);
      open = new OpenRecord(ring.address, head, number);
      open.add(bytes.subarray(head.length), fault);
    } else if (fault === undefined && open !== undefined) open.add(bytes);
    else if (fault === undefined) lost.add(number, ring.implausible('text', bytes.length, 'a <level> first'));
    if (head !== undefined || open === undefined) number += 1;
    if (fault === undefined || open === undefined) continue;
    yield open.end(texts);
    open = undefined;
  }
  if (open !== undefined) yield open.end(texts);
  lost.end();
  texts.end();
}

/** What precedes the text of a line. */
interface Head {
  /** Its bytes. */
  readonly length: number;
  readonly level: number;
  readonly tsNsec: bigint | null;
}

function readHead(line: Uint8Array): Head | undefined {
  const match = PREFIX.exec(decodeText(line.subarray(0, PREFIX_LIMIT)));
  if (match === null) return undefined;
  const [prefix, level, seconds, microseconds] = match;
  const tsNsec =
    seconds === undefined ? null : BigInt(seconds) * 1_000_000_000n + BigInt(`${microseconds}000`);
  return { length: prefix.length, level: Number(level) % 8, tsNsec };
}

/** A record whose next line may still belong to it. */
class OpenRecord {
  private readonly address: VirtualAddress;
  private readonly head: Head;
  private readonly number: number;
  private readonly lines: string[] = [];
  private damage: OsiError | undefined;

  constructor(address: VirtualAddress, head: Head, number: number) {
    this.address = address;
    this.head = head;
    this.number = number;
  }

  add(line: Uint8Array, fault?: OsiError): void {
    const zero = line.indexOf(0);
    const where = { struct: 'log_buf', address: this.address, member: `byte ${zero} of a text` };
    this.damage ??= fault;
    if (zero < 0) this.lines.push(decodeText(line));
    else this.damage ??= implausible({ ...where, received: 0, expected: 'a character' });
  }

  end(texts: SkippedRun): LogRecord {
    const { head, number, damage } = this;
    if (damage !== undefined) texts.add(number, damage);
    return {
      tsNsec: head.tsNsec,
      level: head.level,
      text: damage === undefined ? this.lines.join('\n') : null,
    };
  }
}

/** A line without its newline; with a fault where its end, or all of it, could not be read. */
interface Line {
  readonly bytes: Uint8Array;
  readonly fault?: OsiError;
}

class CharacterRing {
  /** Where the buffer is, virtual. */
  readonly address: VirtualAddress;
  private readonly kernel: Kernel;
  private readonly size: number;
  /** Where the oldest character is, in bytes from the start of the buffer. */
  private readonly first: number;
  /** How many characters are in the ring. */
  private readonly count: number;

  constructor(kernel: Kernel) {
    const { info, memory } = kernel;
    this.kernel = kernel;
    this.address = requireLogBuffer(kernel);
    this.size = new StructView(memory, requireKey(info, 'log.log_buf_len_addr')).u32(0);
    if (this.size === 0 || this.size > LOG_BUF_LIMIT || (this.size & (this.size - 1)) !== 0)
      throw this.implausible('log_buf_len', this.size, `a power of two up to ${LOG_BUF_LIMIT}`);
    const end = new StructView(memory, requireKey(info, 'log.log_end_addr')).u32(0);
    const logged = new StructView(memory, requireKey(info, 'log.logged_chars_addr')).u32(0);
    if (logged > this.size) throw this.implausible('logged_chars', logged, `at most ${this.size}`);
    // log_end begins at 0 again after 2^32 characters: the ring has more then.
    this.count = Math.max(Math.min(end, this.size), logged);
    this.first = (end - this.count) & (this.size - 1);
  }

  /** The lines whose beginning is known. Reports the pages that cannot be read. */
  *eachLine(skipped: SkippedLog): Generator<Line> {
    let pieces: Uint8Array[] = [];
    let begun = this.count < this.size;
    for (const { bytes, fault } of this.eachPiece(skipped)) {
      if (fault !== undefined) {
        yield { bytes: join(pieces), fault };
        pieces = [];
        begun = false;
        continue;
      }
      let from = 0;
      for (let to = bytes.indexOf(NEWLINE); to >= 0; to = bytes.indexOf(NEWLINE, from)) {
        pieces.push(bytes.subarray(from, to));
        if (begun) yield { bytes: join(pieces) };
        pieces = [];
        begun = true;
        from = to + 1;
      }
      if (begun) pieces.push(bytes.subarray(from));
    }
    const last = join(pieces);
    if (last.length > 0) yield { bytes: last };
  }

  /** The characters from the oldest on, page by page; one fault for pages side by side that cannot be read. */
  private *eachPiece(skipped: SkippedLog): Generator<Line> {
    let hole: { byte: number; bytes: number; fault: OsiError } | undefined;
    for (let done = 0; done < this.count; ) {
      const byte = (this.first + done) & (this.size - 1);
      const address = offsetAddress(this.address, byte);
      const inPage = Number(address & BigInt(PAGE_SIZE - 1));
      const length = Math.min(PAGE_SIZE - inPage, this.size - byte, this.count - done);
      done += length;
      const bytes = attempt(
        () => readBytes(this.kernel.memory, address, length),
        (fault) => {
          hole = { fault, byte: hole?.byte ?? byte, bytes: (hole?.bytes ?? 0) + length };
          return undefined;
        },
      );
      if (bytes === undefined) continue;
      if (hole !== undefined) yield report(skipped, hole);
      hole = undefined;
      yield { bytes };
    }
    if (hole !== undefined) yield report(skipped, hole);
  }

  implausible(member: string, received: number, expected: string): OsiError {
    return implausible({ struct: 'log_buf', address: this.address, member, received, expected });
  }
}

function report(
  skipped: SkippedLog,
  { byte, bytes, fault }: { byte: number; bytes: number; fault: OsiError },
): Line {
  skipped.add({ kind: 'log-record', byte, bytes }, fault);
  return { bytes: new Uint8Array(), fault };
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0] as Uint8Array;
  const joined = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
