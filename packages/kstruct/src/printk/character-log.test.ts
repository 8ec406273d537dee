import { formatSubject, OsiError, PAGE_SIZE, SkippedLog } from '@osi-linux/core';
import { FakeVirtualMemory } from '@osi-linux/test-fixtures/fake-kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eachLogRecord } from './kernel-log';

const VARIABLES = 0xffff888000000000n;
/** Neither at a word nor in one page with its end. */
const BUFFER = 0xffff88800000ff01n;
const SIZE = 512;

const info = {
  'log.log_buf_addr': VARIABLES,
  'log.log_buf_len_addr': VARIABLES + 8n,
  'log.log_end_addr': VARIABLES + 12n,
  'log.logged_chars_addr': VARIABLES + 16n,
} as const;

/** A log as printk wrote it before v3.5: characters, around the end of the buffer. */
class FakeCharacters {
  readonly memory = new FakeVirtualMemory();
  end = 0;
  logged = 0;
  private readonly start: bigint;
  private readonly size: number;

  constructor({ start = BUFFER, size = SIZE } = {}) {
    this.start = start;
    this.size = size;
    this.memory.writeWord(VARIABLES, start);
    this.memory.writeInt(VARIABLES + 8n, size);
    this.memory.writeBytes(start, new Uint8Array(size));
    this.write('');
  }

  /** As emit_log_char does. */
  write(text: string): this {
    for (const byte of new TextEncoder().encode(text)) {
      this.memory.writeBytes(this.start + BigInt(this.end % this.size), Uint8Array.of(byte));
      this.end += 1;
      this.logged = Math.min(this.logged + 1, this.size);
    }
    this.memory.writeInt(VARIABLES + 12n, this.end);
    this.memory.writeInt(VARIABLES + 16n, this.logged);
    return this;
  }
}

function read({ memory }: FakeCharacters) {
  const skipped = new SkippedLog();
  const records = [...eachLogRecord({ memory, info }, skipped)];
  const reasons = skipped.records.map(({ subject, reason }) => `${formatSubject(subject)}: ${reason.code}`);
  return { records, texts: records.map(({ text }) => text), skipped: reasons };
}

describe('the kernel log while it was a ring of characters', () => {
  it('gives a record for each line, with its level and time', () => {
    const log = new FakeCharacters();
    log.write(
      '<5>[    0.000000] Linux version 3.2\n<6>[12345.678901] usb\n<190>[    2.000001] facility 23\n',
    );
    expect(read(log)).toMatchObject({
      records: [
        { tsNsec: 0n, level: 5, text: 'Linux version 3.2' },
        { tsNsec: 12_345_678_901_000n, level: 6, text: 'usb' },
        { tsNsec: 2_000_001_000n, level: 6, text: 'facility 23' },
      ],
      skipped: [],
    });
  });

  it('has no time of a line that was printed without', () => {
    const log = new FakeCharacters().write('<4>[drm] ready\n<3>[    1.5] odd\n');
    expect(read(log).records).toEqual([
      { tsNsec: null, level: 4, text: '[drm] ready' },
      { tsNsec: null, level: 3, text: '[    1.5] odd' },
    ]);
  });

  it('ends with a line that is still being written, empty ones included', () => {
    expect(read(new FakeCharacters().write('<6>\n<6>[    1.000000] PM: ')).texts).toEqual(['', 'PM: ']);
  });

  it('continues a record with a line that has no prefix', () => {
    expect(read(new FakeCharacters().write('<6>one\n two\n<x>\n<6>three\n')).texts).toEqual([
      'one\n two\n<x>',
      'three',
    ]);
  });

  it('is empty before the first character', () => {
    expect(read(new FakeCharacters())).toMatchObject({ records: [], skipped: [] });
  });

  it('shows the lines that were cleared, as long as they are there', () => {
    const log = new FakeCharacters().write('<6>cleared\n');
    log.logged = 0;
    expect(read(log.write('<6>new\n')).texts).toEqual(['cleared', 'new']);
  });

  it('shows the whole ring where log_end has gone round', () => {
    const log = new FakeCharacters();
    for (let index = 0; index < 100; index += 1) log.write(`<6>record ${index}\n`);
    const { texts } = read(log);
    log.memory.writeInt(VARIABLES + 12n, log.end % SIZE);
    expect(read(log)).toMatchObject({ texts, skipped: [] });
  });

  it('keeps the newest whole lines where they go around', () => {
    for (let count = 1; count < 120; count += 1) {
      const log = new FakeCharacters();
      const printed = Array.from({ length: count }, (_, index) => `${index}`.padEnd((index * 11) % 60, 'x'));
      for (const text of printed) log.write(`<6>[    1.000000] ${text}\n`);
      const { texts, skipped } = read(log);
      expect(skipped).toEqual([]);
      expect(texts).toEqual(printed.slice(-texts.length));
      const lengths = printed.map((text) => `<6>[    1.000000] ${text}\n`.length);
      const bytes = (from: number) => lengths.slice(from).reduce((sum, length) => sum + length, 0);
      // Of a ring that has gone round, at least one character belongs to no whole line.
      const room = log.end > SIZE ? SIZE - 1 : SIZE;
      expect(printed.length - texts.length).toBe(lengths.findIndex((_, from) => bytes(from) <= room));
    }
  });

  it('names a text with a NUL, and goes on', () => {
    const log = new FakeCharacters().write('<6>before\n<4>bro\0ken\n<6>behind\n');
    expect(read(log)).toMatchObject({
      records: [{ text: 'before' }, { level: 4, text: null }, { text: 'behind' }],
      skipped: ['text of log record 1: STRUCT_IMPLAUSIBLE'],
    });
  });

  it('names lines that begin with nothing', () => {
    const log = new FakeCharacters().write('garbage\n\0\0\n<6>behind\n');
    expect(read(log)).toMatchObject({
      texts: ['behind'],
      skipped: ['log records 0 to 1: STRUCT_IMPLAUSIBLE'],
    });
  });

  it('goes on behind pages that are missing, at the next line', () => {
    const log = new FakeCharacters({ start: 0xffff888000010000n, size: 4 * PAGE_SIZE });
    const printed = Array.from({ length: 1300 }, (_, index) => `record ${index}`);
    for (const text of printed) log.write(`<6>${text}\n`);
    log.memory.remove(0xffff888000011000n);
    log.memory.remove(0xffff888000012000n);
    const { texts, skipped } = read(log);
    expect(skipped).toEqual([
      'log records in 8192 bytes from byte 4096 on: PAGE_NOT_PRESENT',
      expect.stringMatching(/^text of log record \d+: PAGE_NOT_PRESENT$/),
    ]);
    expect(texts.filter((text) => text === null)).toHaveLength(1);
    expect(printed).toEqual(expect.arrayContaining(texts.filter((text) => text !== null)));
    expect(texts[texts.length - 1]).toBe('record 1299');
  });

  it.each([0, 500, -1])('is refused where its size is %i', (size) => {
    const log = new FakeCharacters();
    log.memory.writeInt(VARIABLES + 8n, size);
    expect(() => read(log)).toThrow(/log_buf_len is \d+, expected a power of two up to/);
  });

  it('is refused where it has more characters than its size', () => {
    const log = new FakeCharacters();
    log.memory.writeInt(VARIABLES + 16n, SIZE + 1);
    expect(() => read(log)).toThrow(/logged_chars is 513, expected at most 512/);
  });

  it('survives any bytes', () => {
    const characters = fc.constantFrom(...'<>0169[]. \n\0x\u00ff');
    const text = fc.array(characters, { maxLength: 2 * SIZE }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.nat(2 ** 31), fc.nat(SIZE + 2), fc.nat(12), (written, end, logged, shift) => {
        const log = new FakeCharacters().write(written);
        log.memory.writeInt(VARIABLES + 8n, 2 ** shift);
        log.memory.writeInt(VARIABLES + 12n, end);
        log.memory.writeInt(VARIABLES + 16n, logged);
        try {
          const { records, texts } = read(log);
          expect(texts.join('').length).toBeLessThanOrEqual(2 ** shift);
          expect(records.every(({ level }) => level >= 0 && level <= 7)).toBe(true);
        } catch (error) {
          expect(OsiError.is(error)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
