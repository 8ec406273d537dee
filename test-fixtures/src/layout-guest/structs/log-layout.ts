import type { GuestMemory } from '../guest-memory';
import { GuestStruct } from './guest-struct';
import type { LogPlan } from './log-records';
import { layOutRingLog } from './ring-log-layout';

const NS_PER_SECOND = 1_000_000_000n;
const FACILITY = 0;
/** LOG_ALIGN of kernels whose records are not aligned to words. */
const LOG_ALIGN = 4;
const RECORDS_SIZE = 2048;
const CHARACTERS_SIZE = 512;

/** Whether the section describes the log in some form. */
export function hasLogKeys({ keys }: GuestMemory): boolean {
  return keys.has('log.prb_addr') || keys.has('log.log_buf_addr');
}

/** Lays out the kernel log in the form of the section: a ring since v5.10, records, or a ring of characters before v3.5. */
export function layOutLog(memory: GuestMemory, records: readonly LogPlan[]): void {
  const { keys } = memory;
  if (!hasLogKeys(memory)) return;
  if (keys.has('log.prb_addr')) layOutRingLog(memory, records);
  else if (keys.has('printk_log.size')) layOutRecords(memory, records);
  else layOutCharacters(memory, records);
}

/** Records around the end of the buffer, which is not aligned to a word; a head of zeros is before the end. */
function layOutRecords(memory: GuestMemory, records: readonly LogPlan[]): void {
  const { keys } = memory;
  const buffer = memory.allocate(RECORDS_SIZE + LOG_ALIGN, 8) + BigInt(LOG_ALIGN);
  const lengths = records.map(({ text }) => recordLength(memory, text));
  const inFront = lengths.slice(0, 2).reduce((sum, length) => sum + length, 0);
  const head = keys.number('printk_log.size');
  const first = RECORDS_SIZE - inFront - Math.ceil((head + 8) / LOG_ALIGN) * LOG_ALIGN;
  let at = first;
  for (const [index, record] of records.entries()) {
    if (index === 2) {
      memory.writeBytes(buffer + BigInt(at), new Uint8Array(head));
      at = 0;
    }
    writeRecord(memory, buffer + BigInt(at), record, lengths[index] as number);
    at += lengths[index] as number;
  }
  memory.writeWord(keys.address('log.log_buf_addr'), buffer);
  memory.writeInt(keys.address('log.log_buf_len_addr'), RECORDS_SIZE);
  memory.writeInt(keys.address('log.log_first_idx_addr'), first);
  memory.writeInt(keys.address('log.log_next_idx_addr'), at);
}

function recordLength({ keys }: GuestMemory, text: string): number {
  const bytes = new TextEncoder().encode(text).length;
  return Math.ceil((keys.number('printk_log.size') + bytes) / LOG_ALIGN) * LOG_ALIGN;
}

/** Behind `text_len` are `dict_len`, the facility, and the flags with the level in one byte. */
function writeRecord(
  memory: GuestMemory,
  address: bigint,
  { time, level, text }: LogPlan,
  length: number,
): void {
  const bytes = new TextEncoder().encode(text);
  const struct = new GuestStruct(memory, address)
    .int('printk_log.ts_nsec_offset', time, 8)
    .int('printk_log.len_offset', length, 2)
    .int('printk_log.text_len_offset', bytes.length, 2);
  const behind = struct.at('printk_log.text_len_offset') + 2n;
  memory.writeInt(behind, 0, 2);
  memory.writeInt(behind + 2n, FACILITY, 1);
  memory.writeInt(behind + 3n, level << 5, 1);
  memory.writeBytes(address + BigInt(memory.keys.number('printk_log.size')), bytes);
}

/** A full ring, whose oldest characters are the end of a record that was overwritten. */
function layOutCharacters(memory: GuestMemory, records: readonly LogPlan[]): void {
  const { keys } = memory;
  const lines = records.map(({ time, level, text }) => `<${level}>[${stamp(time)}] ${text}\n`).join('');
  const bytes = new TextEncoder().encode(lines);
  const older = new TextEncoder().encode(`${'x'.repeat(CHARACTERS_SIZE - bytes.length - 1)}\n`);
  // After so many characters the ring begins in the middle of the buffer.
  const written = 3 * CHARACTERS_SIZE + 200;
  const buffer = memory.allocate(CHARACTERS_SIZE, 8);
  for (const [index, byte] of [...older, ...bytes].entries())
    memory.writeInt(buffer + BigInt((written + index) % CHARACTERS_SIZE), byte, 1);
  memory.writeWord(keys.address('log.log_buf_addr'), buffer);
  memory.writeInt(keys.address('log.log_buf_len_addr'), CHARACTERS_SIZE);
  memory.writeInt(keys.address('log.log_end_addr'), written);
  memory.writeInt(keys.address('log.logged_chars_addr'), CHARACTERS_SIZE);
}

/** The time as printk writes it: seconds in five places, microseconds in six. */
function stamp(time: bigint): string {
  const micros = (time % NS_PER_SECOND) / 1000n;
  return `${String(time / NS_PER_SECOND).padStart(5)}.${String(micros).padStart(6, '0')}`;
}
