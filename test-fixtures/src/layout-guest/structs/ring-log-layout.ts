import type { GuestMemory } from '../guest-memory';
import { allocateStruct, GuestStruct } from './guest-struct';
import type { LogPlan } from './log-records';

/** Eight descriptors, of which the records take those around the end. */
const COUNT_BITS = 3;
const FIRST_ID = 22;
/** 512 bytes of texts, which begin shortly before their end. */
const SIZE_BITS = 9;
const FIRST_LPOS = 3 * 2 ** SIZE_BITS + 400;
/** desc_finalized, kernel/printk/printk_ringbuffer.h. */
const FINALIZED = 2n;

/** Lays out the ring buffer of the kernel log since v5.10, with a block of text that wraps. */
export function layOutRingLog(memory: GuestMemory, records: readonly LogPlan[]): void {
  const { keys, wordSize } = memory;
  const count = 2 ** COUNT_BITS;
  const descs = memory.allocate(count * keys.number('prb_desc.size'));
  const infos = memory.allocate(count * keys.number('printk_info.size'));
  const data = memory.allocate(2 ** SIZE_BITS);
  let lpos = FIRST_LPOS;
  for (const [index, record] of records.entries()) {
    const id = FIRST_ID + index;
    const slot = BigInt(id % count);
    const block = placeBlock(lpos, wordSize + new TextEncoder().encode(record.text).length, wordSize);
    writeBlock(memory, data, block, { id, text: record.text });
    const desc = new GuestStruct(memory, descs + slot * BigInt(keys.number('prb_desc.size')));
    desc.word('prb_desc.state_var_offset', BigInt(id) | (FINALIZED << BigInt(wordSize * 8 - 2)));
    new GuestStruct(memory, desc.at('prb_desc.text_blk_lpos_offset'))
      .word('prb_data_blk_lpos.begin_offset', BigInt(lpos))
      .word('prb_data_blk_lpos.next_offset', BigInt(block.next));
    writeInfo(new GuestStruct(memory, infos + slot * BigInt(keys.number('printk_info.size'))), id, record);
    lpos = block.next;
  }
  writeRing(memory, { descs, infos, data, last: FIRST_ID + records.length - 1 });
}

interface Block {
  readonly begin: number;
  readonly next: number;
  /** Where its id and text are, in bytes of the ring. */
  readonly place: number;
}

/** A block that does not fit before the end of the ring has its text at the start. */
function placeBlock(begin: number, bytes: number, wordSize: number): Block {
  const size = 2 ** SIZE_BITS;
  const length = Math.ceil(bytes / wordSize) * wordSize;
  if ((begin % size) + length <= size) return { begin, next: begin + length, place: begin % size };
  return { begin, next: (Math.floor(begin / size) + 1) * size + length, place: 0 };
}

/** The id is in front of the text, and of a block that wraps also where it begins. */
function writeBlock(
  memory: GuestMemory,
  data: bigint,
  block: Block,
  { id, text }: { id: number; text: string },
): void {
  memory.writeWord(data + BigInt(block.begin % 2 ** SIZE_BITS), BigInt(id));
  memory.writeWord(data + BigInt(block.place), BigInt(id));
  memory.writeBytes(data + BigInt(block.place + memory.wordSize), new TextEncoder().encode(text));
}

/** Behind `text_len` are the facility, and the flags with the level in one byte. */
function writeInfo(info: GuestStruct, id: number, { time, level, text }: LogPlan): void {
  const bytes = new TextEncoder().encode(text).length;
  info
    .int('printk_info.seq_offset', id, 8)
    .int('printk_info.ts_nsec_offset', time, 8)
    .int('printk_info.text_len_offset', bytes | (level << 29), 4);
}

function writeRing(
  memory: GuestMemory,
  { descs, infos, data, last }: { descs: bigint; infos: bigint; data: bigint; last: number },
): void {
  const ring = allocateStruct(memory, 'printk_ringbuffer', 'prb_desc_ring', 'prb_data_ring');
  memory.writeWord(memory.keys.address('log.prb_addr'), ring.address);
  new GuestStruct(memory, ring.at('printk_ringbuffer.desc_ring_offset'))
    .int('prb_desc_ring.count_bits_offset', COUNT_BITS)
    .word('prb_desc_ring.descs_offset', descs)
    .word('prb_desc_ring.infos_offset', infos)
    .word('prb_desc_ring.head_id_offset', BigInt(last))
    .word('prb_desc_ring.tail_id_offset', BigInt(FIRST_ID));
  new GuestStruct(memory, ring.at('printk_ringbuffer.text_data_ring_offset'))
    .int('prb_data_ring.size_bits_offset', SIZE_BITS)
    .word('prb_data_ring.data_offset', data);
}
