import {
  attempt,
  decodeText,
  type OsiError,
  offsetAddress,
  type SkippedLog,
  type VirtualAddress,
} from '@osi-linux/core';
import { implausible, requirePointer } from '../kernel/implausible';
import { type Kernel, type KeyOf, requireKey } from '../kernel/kernel';
import { SkippedRun } from '../kernel/skipped-run';
import { StructView } from '../kernel/struct-view';
import type { LogRecord } from './log-record';

/** More than setup_log_buf() ever makes of log_buf_len: a descriptor for every 32 bytes of 128 MiB. */
const COUNT_BITS_LIMIT = 22;

/** Logarithm of those 128 MiB; LOG_BUF_LEN_MAX would allow for 2 GiB. */
const SIZE_BITS_LIMIT = 27;

/** Later than any guest can be, in ns: 146 years after it was started. */
const TIME_LIMIT = 1n << 62n;

/** The meaning of the two top bits of `prb_desc.state_var`; 0 is a record that is being written. */
const State = { Reserved: 0, Committed: 1, Finalized: 2, Reusable: 3 } as const;

/** `lpos` values that stand for no block: the text was lost, or is empty. */
const FAILED_LPOS = 1n;
const NO_LPOS = 3n;

/**
 * Yields the records of the lockless ring buffer of the kernel log, the oldest first.
 *
 * A descriptor holds the id of its record and its state, and where the text is: a block of the ring of texts that
 * begins with the same id. A block that does not fit before the end of the ring is at its start; one that
 * fits exactly does not wrap since
 * Linux commit 67e1b0052f6b ("printk_ringbuffer: don't needlessly wrap data blocks around") (in v6.19).
 * A record is yielded when it is committed, thus also the newest one while it may still be continued, which
 * `/dev/kmsg` shows a moment later. Records whose text was overwritten by newer ones are gone without a
 * report.
 *
 * Corresponds to `prb_for_each_record` over `prb`. Source: kernel/printk/printk_ringbuffer.c,
 * Linux commit 896fbe20b4e2 ("printk: use the lockless ringbuffer") (in v5.10).
 *
 * @throws OsiError `PROFILE_KEY_MISSING`, or `STRUCT_IMPLAUSIBLE` where the ring's own numbers make no sense.
 */
export function* eachRingRecord(kernel: Kernel, skipped: SkippedLog): Generator<LogRecord> {
  const ring = new PrintkRing(kernel);
  const records = new SkippedRun(skipped, { kind: 'log-record' });
  const texts = new SkippedRun(skipped, { kind: 'log-record', field: 'text' });
  for (let position = 0; position < ring.length; position += 1) {
    const info = attempt(
      () => ring.read(position),
      (reason) => records.add(position, reason),
    );
    if (info === undefined) continue;
    const text = attempt(
      () => ring.readText(info),
      (reason) => {
        texts.add(position, reason);
        return null;
      },
    );
    if (text !== undefined) yield { tsNsec: info.tsNsec, level: info.level, text };
  }
  records.end();
  texts.end();
}

/** The facts that the ring holds about one record. */
interface RingRecord {
  readonly id: bigint;
  readonly tsNsec: bigint;
  readonly level: number;
  readonly textLength: number;
  readonly begin: bigint;
  readonly next: bigint;
}

class PrintkRing {
  /** How many descriptors are in use. */
  readonly length: number;
  private readonly kernel: Kernel;
  private readonly word: number;
  private readonly wordMask: bigint;
  private readonly idMask: bigint;
  private readonly count: number;
  private readonly tail: bigint;
  private readonly descs: StructView;
  private readonly infos: StructView;
  private readonly data: VirtualAddress;
  private readonly dataBits: bigint;
  private readonly address: VirtualAddress;
  private textBytes = 0;

  constructor(kernel: Kernel) {
    const { info, memory } = kernel;
    this.kernel = kernel;
    this.word = memory.architecture.wordSize;
    this.wordMask = (1n << BigInt(this.word * 8)) - 1n;
    this.idMask = this.wordMask >> 2n;
    const pointer = new StructView(memory, requireKey(info, 'log.prb_addr')).word(0);
    this.address = requirePointer(kernel, pointer, {
      struct: 'printk_ringbuffer',
      address: pointer,
      member: 'prb',
    });
    const desc = this.part('printk_ringbuffer.desc_ring_offset');
    const data = this.part('printk_ringbuffer.text_data_ring_offset');
    const countBits = this.bits(desc, 'prb_desc_ring.count_bits_offset', COUNT_BITS_LIMIT);
    this.count = 2 ** countBits;
    this.dataBits = BigInt(this.bits(data, 'prb_data_ring.size_bits_offset', SIZE_BITS_LIMIT));
    this.descs = new StructView(memory, this.pointer(desc, 'prb_desc_ring.descs_offset'));
    this.infos = new StructView(memory, this.pointer(desc, 'prb_desc_ring.infos_offset'));
    this.data = this.pointer(data, 'prb_data_ring.data_offset');
    this.tail = desc.word(requireKey(info, 'prb_desc_ring.tail_id_offset'));
    const head = desc.word(requireKey(info, 'prb_desc_ring.head_id_offset'));
    const span = (head - this.tail) & this.idMask;
    const plausible = head <= this.idMask && this.tail <= this.idMask && span < BigInt(this.count);
    if (!plausible)
      throw this.implausible('desc_ring.head_id', head, `up to ${this.count - 1} after the tail's id`);
    this.length = Number(span) + 1;
  }

  /** A record by its place, from 0 for the oldest; `undefined` if there is no such record (yet). */
  read(position: number): RingRecord | undefined {
    const { info } = this.kernel;
    const id = (this.tail + BigInt(position)) & this.idMask;
    const index = Number(id & BigInt(this.count - 1));
    const at = index * requireKey(info, 'prb_desc.size');
    const stateVariable = this.descs.word(at + requireKey(info, 'prb_desc.state_var_offset'));
    const state = Number(stateVariable >> BigInt(this.word * 8 - 2));
    if (!this.isOf(id, stateVariable & this.idMask, state))
      throw this.implausible(
        `desc_ring.descs[${index}].state_var`,
        stateVariable,
        `the id 0x${id.toString(16)}`,
      );
    if (state === State.Reserved || state === State.Reusable) return undefined;
    const block = at + requireKey(info, 'prb_desc.text_blk_lpos_offset');
    return {
      id,
      ...this.readInfo(index),
      begin: this.descs.word(block + requireKey(info, 'prb_data_blk_lpos.begin_offset')),
      next: this.descs.word(block + requireKey(info, 'prb_data_blk_lpos.next_offset')),
    };
  }

  /** The text of a record; `undefined` if the kernel had no space for it. */
  readText({ id, begin, next, textLength }: RingRecord): string | undefined {
    if (begin === FAILED_LPOS && next === FAILED_LPOS) return undefined;
    if (begin === NO_LPOS && next === NO_LPOS) return '';
    const { offset, size } = this.findBlock(begin, next);
    const block = new StructView(this.kernel.memory, offsetAddress(this.data, offset));
    const found = block.word(0);
    if (found !== id) throw this.implausible('id of a block', found, `0x${id.toString(16)}`);
    const room = size - this.word;
    // printk asks for the text, a level before it and an end behind it: an empty one has a small block or none.
    const lowest = room > 3 * this.word ? 1 : 0;
    if (textLength < lowest || textLength > room)
      throw this.implausible('text_len', textLength, `${lowest} to ${room}, the bytes of its block`);
    // Blocks do not overlap, so that a log is never longer than its ring.
    this.textBytes += textLength;
    if (this.textBytes > 2 ** Number(this.dataBits))
      throw this.implausible('sum of all text_len', this.textBytes, `at most ${2 ** Number(this.dataBits)}`);
    const bytes = block.bytes(this.word, textLength);
    const zero = bytes.indexOf(0);
    if (zero >= 0) throw this.implausible(`byte ${zero} of a text`, 0, 'a character');
    return decodeText(bytes);
  }

  /** A descriptor that is being taken for a new record still has the id of the round before. */
  private isOf(id: bigint, found: bigint, state: number): boolean {
    return found === id || (state === State.Reusable && found === ((id - BigInt(this.count)) & this.idMask));
  }

  /** The number of a record since boot and that of its descriptor agree, as far as the ring has descriptors. */
  private readInfo(index: number): Pick<RingRecord, 'tsNsec' | 'level' | 'textLength'> {
    const { info } = this.kernel;
    const at = index * requireKey(info, 'printk_info.size');
    const seq = this.infos.u64(at + requireKey(info, 'printk_info.seq_offset'));
    if (Number(seq & BigInt(this.count - 1)) !== index)
      throw this.implausible(
        `desc_ring.infos[${index}].seq`,
        seq,
        `${index} above a multiple of ${this.count}`,
      );
    const tsNsec = this.infos.u64(at + requireKey(info, 'printk_info.ts_nsec_offset'));
    if (tsNsec >= TIME_LIMIT)
      throw this.implausible(
        `desc_ring.infos[${index}].ts_nsec`,
        tsNsec,
        `less than 0x${TIME_LIMIT.toString(16)}`,
      );
    // text_len, facility, then flags in 5 bits and level in 3.
    const [low = 0, high = 0, , flagsAndLevel = 0] = this.infos.bytes(
      at + requireKey(info, 'printk_info.text_len_offset'),
      4,
    );
    return { tsNsec, level: flagsAndLevel >> 5, textLength: low + high * 256 };
  }

  /** Where in the ring of texts a block is, and its bytes with its id. */
  private findBlock(begin: bigint, next: bigint): { offset: number; size: number } {
    const ringSize = 1n << this.dataBits;
    const round = (position: bigint) => (position & this.wordMask) >> this.dataBits;
    const last = round(next - 1n);
    const wraps = round(begin) !== last;
    const adjacent = round(begin + ringSize) === last;
    const size = wraps ? next & (ringSize - 1n) : (next - begin) & this.wordMask;
    const aligned = (begin | next) % BigInt(this.word) === 0n;
    if (!aligned || (wraps && !adjacent) || size < BigInt(this.word) || size > ringSize)
      throw this.implausible(
        'text_blk_lpos.begin',
        begin,
        `the start of a block that ends at 0x${next.toString(16)}`,
      );
    return { offset: wraps ? 0 : Number(begin & (ringSize - 1n)), size: Number(size) };
  }

  private part(key: KeyOf<number>): StructView {
    const { info, memory } = this.kernel;
    return new StructView(memory, offsetAddress(this.address, requireKey(info, key)));
  }

  private bits(part: StructView, key: KeyOf<number>, limit: number): number {
    const bits = part.u32(requireKey(this.kernel.info, key));
    if (bits >= 1 && bits <= limit) return bits;
    throw this.implausible(memberOf(key), bits, `1 to ${limit}`);
  }

  private pointer(part: StructView, key: KeyOf<number>): VirtualAddress {
    const where = { struct: 'printk_ringbuffer', address: this.address, member: memberOf(key) };
    return requirePointer(this.kernel, part.word(requireKey(this.kernel.info, key)), where);
  }

  private implausible(member: string, received: number | bigint, expected: string): OsiError {
    return implausible({ struct: 'printk_ringbuffer', address: this.address, member, received, expected });
  }
}

function memberOf(key: string): string {
  return key.replace(/^.*\./, '').replace(/_offset$/, '');
}
