import {
  decodeText,
  type OsiError,
  offsetAddress,
  type SkippedLog,
  type VirtualAddress,
} from '@osi-linux/core';
import { implausible } from '../kernel/implausible';
import { type Kernel, requireKey } from '../kernel/kernel';
import { StructView } from '../kernel/struct-view';
import { requireLogBuffer } from './log-buffer';
import type { LogRecord } from './log-record';

/** 128 MiB; LOG_BUF_LEN_MAX of kernel/printk/printk.c would allow for 2 GiB. */
const LOG_BUF_LIMIT = 2 ** 27;

/** Bytes to which records are aligned: LOG_ALIGN, the least that any x86 kernel has. */
const LOG_ALIGN = 4;

/** Later than any guest can be, in ns: 146 years after it was started. */
const TIME_LIMIT = 1n << 62n;

/**
 * Yields the records of the kernel log before it had the lockless ring buffer, the oldest first.
 *
 * They lie one after the other in `log_buf` from `log_first_idx` to `log_next_idx`, each as long as its head
 * gives; one of length 0 sends the reader to the start. A piece of a continued line is a record of its own,
 * as in `/dev/kmsg`. If the chain breaks, the records after it are lost and reported.
 *
 * Corresponds to `log_from_idx` and `log_next` in kernel/printk/printk.c. Source:
 * Linux commit 7ff9554bb578 ("printk: convert byte-buffer to variable-length record buffer") (in v3.5).
 *
 * @throws OsiError `PROFILE_KEY_MISSING`, or `STRUCT_IMPLAUSIBLE` where the buffer's own numbers make no sense.
 */
export function* eachBufferRecord(kernel: Kernel, skipped: SkippedLog): Generator<LogRecord> {
  const buffer = new LogBuffer(kernel);
  let wrapped = false;
  for (let at = buffer.first; at !== buffer.next; ) {
    const head = skipped.attempt(
      () => ({ kind: 'log-record', byte: at }),
      () => buffer.read(at, wrapped),
    );
    if (head === null) return;
    if (head.length === 0) {
      wrapped = true;
      at = 0;
      continue;
    }
    const { tsNsec, level } = head;
    const text = skipped.attempt(
      () => ({ kind: 'log-record', byte: head.at, field: 'text' }),
      () => buffer.readText(head),
    );
    yield { tsNsec, level, text };
    at += head.length;
  }
}

/** The fields of the head of a record. */
interface RecordHead {
  /** Where it is in the buffer, in bytes. */
  readonly at: number;
  /** Bytes of the whole record; 0 where the next one is at the start. */
  readonly length: number;
  readonly tsNsec: bigint;
  readonly level: number;
  readonly textLength: number;
}

class LogBuffer {
  /** Where the oldest record is, in bytes. */
  readonly first: number;
  /** Where the next record will be, in bytes. */
  readonly next: number;
  private readonly kernel: Kernel;
  private readonly address: VirtualAddress;
  private readonly size: number;
  private readonly headSize: number;

  constructor(kernel: Kernel) {
    const { info, memory } = kernel;
    this.kernel = kernel;
    this.address = requireLogBuffer(kernel);
    this.headSize = requireKey(info, 'printk_log.size');
    this.size = new StructView(memory, requireKey(info, 'log.log_buf_len_addr')).u32(0);
    if (this.size <= this.headSize || this.size > LOG_BUF_LIMIT)
      throw this.implausible('log_buf_len', this.size, `${this.headSize + 1} to ${LOG_BUF_LIMIT}`);
    this.first = this.index('log.log_first_idx_addr');
    this.next = this.index('log.log_next_idx_addr');
  }

  /** The head of the record at a byte of the buffer. */
  read(at: number, wrapped: boolean): RecordHead {
    const { info } = this.kernel;
    // Records are between first and next, around the end of the buffer where next is not behind first.
    const ahead = this.next > this.first || wrapped;
    const end = ahead ? this.next : this.size;
    if (at + this.headSize > end)
      throw this.implausible('end of a record', at, `up to ${end - this.headSize}`);
    const view = this.view(at);
    const length = this.u16(view, requireKey(info, 'printk_log.len_offset'));
    const whole = length >= this.headSize && length % LOG_ALIGN === 0 && at + length <= end;
    if (!whole && (length !== 0 || ahead))
      throw this.implausible(`len of the record at byte ${at}`, length, `${this.headSize} to ${end - at}`);
    const tsNsec = view.u64(requireKey(info, 'printk_log.ts_nsec_offset'));
    if (tsNsec >= TIME_LIMIT)
      throw this.implausible(`ts_nsec at byte ${at}`, tsNsec, `less than 0x${TIME_LIMIT.toString(16)}`);
    // text_len, dict_len, facility, then flags in 5 bits and level in 3.
    const offset = requireKey(info, 'printk_log.text_len_offset');
    const level = (view.bytes(offset + 5, 1)[0] ?? 0) >> 5;
    return { at, length, tsNsec, level, textLength: this.u16(view, offset) };
  }

  /** The text of a record, which follows its head. */
  readText({ at, length, textLength }: RecordHead): string {
    if (textLength > length - this.headSize)
      throw this.implausible('text_len', textLength, `at most ${length - this.headSize}`);
    const bytes = this.view(at).bytes(this.headSize, textLength);
    const zero = bytes.indexOf(0);
    if (zero >= 0) throw this.implausible(`byte ${zero} of a text`, 0, 'a character');
    return decodeText(bytes);
  }

  private view(at: number): StructView {
    return new StructView(this.kernel.memory, offsetAddress(this.address, at));
  }

  private u16(view: StructView, offset: number): number {
    const [low = 0, high = 0] = view.bytes(offset, 2);
    return low + high * 256;
  }

  private index(key: 'log.log_first_idx_addr' | 'log.log_next_idx_addr'): number {
    const { info, memory } = this.kernel;
    const index = new StructView(memory, requireKey(info, key)).u32(0);
    if (index < this.size && index % LOG_ALIGN === 0) return index;
    throw this.implausible(key.slice(4, -5), index, `a multiple of ${LOG_ALIGN} below ${this.size}`);
  }

  private implausible(member: string, received: number | bigint, expected: string): OsiError {
    return implausible({ struct: 'printk_log', address: this.address, member, received, expected });
  }
}
