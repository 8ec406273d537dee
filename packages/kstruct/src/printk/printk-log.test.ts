import { formatSubject, OsiError, SkippedLog } from '@osi-linux/core';
import { FakeVirtualMemory } from '@osi-linux/test-fixtures/fake-kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eachLogRecord } from './kernel-log';

const VARIABLES = 0xffff888000000000n;
const BUFFER = 0xffff888000010000n;
const SIZE = 512;
const HEAD = 16;

const info = {
  'log.log_buf_addr': VARIABLES,
  'log.log_buf_len_addr': VARIABLES + 8n,
  'log.log_first_idx_addr': VARIABLES + 12n,
  'log.log_next_idx_addr': VARIABLES + 16n,
  'printk_log.size': HEAD,
  'printk_log.ts_nsec_offset': 0,
  'printk_log.len_offset': 8,
  'printk_log.text_len_offset': 10,
} as const;

/** A log as printk wrote it before v5.10: records one after the other, around the end of the buffer. */
class FakeBuffer {
  readonly memory = new FakeVirtualMemory();
  private next = 0;
  private time = 0n;
  private readonly records: { at: number; end: number }[] = [];
  private readonly start: bigint;

  constructor(start = BUFFER) {
    this.start = start;
    this.memory.writeWord(VARIABLES, start);
    this.memory.writeInt(VARIABLES + 8n, SIZE);
    this.memory.writeBytes(start, new Uint8Array(SIZE));
    this.writeEnds(0, 0);
  }

  writeEnds(first: number, next: number): void {
    this.memory.writeInt(VARIABLES + 12n, first);
    this.memory.writeInt(VARIABLES + 16n, next);
  }

  /** Writes a record, and gives its place. */
  print(text: string, { level = 6, flags = 2, dictionary = '' } = {}): number {
    const body = new TextEncoder().encode(text + dictionary);
    const length = Math.ceil((HEAD + body.length) / 4) * 4;
    if (this.next + length + HEAD > SIZE) {
      this.forget(this.next, SIZE);
      this.memory.writeBytes(this.start + BigInt(this.next), new Uint8Array(HEAD));
      this.next = 0;
    }
    const at = this.next;
    this.forget(at, at + length + HEAD);
    const bytes = new Uint8Array(length);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, this.time, true);
    view.setUint16(8, length, true);
    view.setUint16(10, text.length, true);
    view.setUint16(12, dictionary.length, true);
    view.setUint8(14, 3);
    view.setUint8(15, (level << 5) | flags);
    bytes.set(body, HEAD);
    this.memory.writeBytes(this.start + BigInt(at), bytes);
    this.records.push({ at, end: at + length });
    this.next = at + length;
    this.time += 1_000_000n;
    this.writeEnds(this.records[0]!.at, this.next);
    return at;
  }

  private forget(from: number, to: number): void {
    while (this.records[0] !== undefined && this.records[0].end > from && this.records[0].at < to)
      this.records.shift();
  }
}

function read({ memory }: FakeBuffer) {
  const skipped = new SkippedLog();
  const records = [...eachLogRecord({ memory, info }, skipped)];
  return { records, texts: records.map(({ text }) => text), skipped: skipped.records };
}

describe('the kernel log before the ring buffer', () => {
  it('gives the records with their times and levels, without their dictionaries', () => {
    const buffer = new FakeBuffer();
    buffer.print('Linux version 4.19', { level: 5 });
    buffer.print('usb 1-1: new', { level: 7, dictionary: 'SUBSYSTEM=usb' });
    expect(read(buffer)).toMatchObject({
      records: [
        { tsNsec: 0n, level: 5, text: 'Linux version 4.19' },
        { tsNsec: 1_000_000n, level: 7, text: 'usb 1-1: new' },
      ],
      skipped: [],
    });
  });

  it('gives each piece of a continued line as a record of its own, as /dev/kmsg does', () => {
    const LOG_CONT = 8;
    const buffer = new FakeBuffer();
    buffer.print('PM: suspend', { flags: 4 });
    buffer.print(' done', { flags: LOG_CONT });
    expect(read(buffer).texts).toEqual(['PM: suspend', ' done']);
  });

  it('is empty before the first record', () => {
    expect(read(new FakeBuffer())).toMatchObject({ records: [], skipped: [] });
  });

  it('keeps the newest records where they go around', () => {
    for (let count = 1; count < 80; count += 1) {
      const buffer = new FakeBuffer();
      const printed = Array.from({ length: count }, (_, index) => `${index}`.padEnd((index * 11) % 60, 'x'));
      for (const text of printed) buffer.print(text);
      const { texts, skipped } = read(buffer);
      expect(skipped).toEqual([]);
      expect(texts.length).toBeGreaterThan(0);
      expect(texts).toEqual(printed.slice(-texts.length));
    }
  });

  it.each([
    ['reaches beyond the newest one', 60000],
    ['is shorter than its head', 8],
    ['is not aligned', 21],
    ['is 0 before the end of the buffer', 0],
  ])('ends at a record whose length %s, and says where', (_, length) => {
    const buffer = new FakeBuffer();
    buffer.print('before');
    const at = buffer.print('broken');
    buffer.print('behind');
    buffer.memory.writeBytes(BUFFER + BigInt(at) + 8n, Uint8Array.of(length & 255, length >> 8));
    const { texts, skipped } = read(buffer);
    expect(texts).toEqual(['before']);
    expect(skipped.map(({ subject, reason }) => `${formatSubject(subject)}: ${reason.code}`)).toEqual([
      `log records from byte ${at} on: STRUCT_IMPLAUSIBLE`,
    ]);
  });

  it('keeps a record whose text is longer than itself, without the text', () => {
    const buffer = new FakeBuffer();
    const at = buffer.print('broken');
    buffer.print('behind');
    buffer.memory.writeBytes(BUFFER + BigInt(at) + 10n, Uint8Array.of(200, 0));
    const { texts, skipped } = read(buffer);
    expect(texts).toEqual([null, 'behind']);
    expect(skipped.map(({ subject }) => formatSubject(subject))[0]).toBe(
      `text of the log record at byte ${at}`,
    );
  });

  it.each([4n, 1n])('needs no buffer that is aligned to words: one %i bytes behind a word', (behind) => {
    const buffer = new FakeBuffer(BUFFER + behind);
    for (let count = 0; count < 30; count += 1) buffer.print(`record ${count}`);
    const { texts, skipped } = read(buffer);
    expect(skipped).toEqual([]);
    expect(texts[texts.length - 1]).toBe('record 29');
  });

  it('is refused where log_buf is not an address of the kernel', () => {
    const buffer = new FakeBuffer();
    buffer.memory.writeWord(VARIABLES, 0x4000n);
    expect(() => read(buffer)).toThrow(
      /log_buf at .*: its value is 0x4000, expected an address of the kernel/,
    );
  });

  it('is refused where its size or its ends make no sense', () => {
    const buffer = new FakeBuffer();
    buffer.writeEnds(0, SIZE);
    expect(() => read(buffer)).toThrow(/log_next_idx is 512, expected a multiple of 4 below 512/);
    buffer.memory.writeInt(VARIABLES + 8n, -1);
    expect(() => read(buffer)).toThrow(/log_buf_len is 4294967295/);
  });

  it('survives any bytes', () => {
    const damage = fc.tuple(fc.nat(SIZE - 16), fc.uint8Array({ minLength: 1, maxLength: 16 }));
    fc.assert(
      fc.property(fc.array(damage, { maxLength: 12 }), fc.nat(SIZE - 1), (damages, next) => {
        const buffer = new FakeBuffer();
        for (let index = 0; index < 30; index += 1) buffer.print(`record ${index}`);
        for (const [offset, bytes] of damages) buffer.memory.writeBytes(BUFFER + BigInt(offset), bytes);
        buffer.memory.writeInt(VARIABLES + 16n, next);
        try {
          expect(read(buffer).records.length).toBeLessThanOrEqual(SIZE / HEAD);
        } catch (error) {
          expect(OsiError.is(error)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
