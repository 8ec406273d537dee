import { formatSubject, OsiError, SkippedLog } from '@osi-linux/core';
import { FakeVirtualMemory } from '@osi-linux/test-fixtures/fake-kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eachLogRecord } from './kernel-log';

const BASE = 0xffff888000000000n;
const PRB = BASE + 0x1000n;
const DESCS = BASE + 0x10000n;
const INFOS = BASE + 0x20000n;
const DATA = BASE + 0x30000n;
const DESC_SIZE = 24n;
const INFO_SIZE = 88n;

const info = {
  'log.prb_addr': BASE,
  'printk_ringbuffer.desc_ring_offset': 0,
  'printk_ringbuffer.text_data_ring_offset': 48,
  'prb_desc_ring.count_bits_offset': 0,
  'prb_desc_ring.descs_offset': 8,
  'prb_desc_ring.infos_offset': 16,
  'prb_desc_ring.head_id_offset': 24,
  'prb_desc_ring.tail_id_offset': 32,
  'prb_desc.size': Number(DESC_SIZE),
  'prb_desc.state_var_offset': 0,
  'prb_desc.text_blk_lpos_offset': 8,
  'prb_data_blk_lpos.begin_offset': 0,
  'prb_data_blk_lpos.next_offset': 8,
  'prb_data_ring.size_bits_offset': 0,
  'prb_data_ring.data_offset': 8,
  'printk_info.size': Number(INFO_SIZE),
  'printk_info.seq_offset': 0,
  'printk_info.ts_nsec_offset': 8,
  'printk_info.text_len_offset': 16,
} as const;

const State = { Reserved: 0n, Committed: 1n, Finalized: 2n, Reusable: 3n };

/**
 * A log as printk writes it: ids and positions begin where they soon overflow, and new texts overwrite old
 * ones.
 */
class FakeRing {
  readonly memory = new FakeVirtualMemory();
  readonly info = info;
  private id: bigint;
  private seq = 0n;
  private position: bigint;
  private readonly blocks: { id: bigint; begin: bigint }[] = [];

  constructor(
    readonly countBits: number,
    readonly sizeBits: number,
    /** Whether a text that fits exactly before the end of the ring stays there. */
    readonly exactFit = false,
  ) {
    this.id = 0x100000000n - BigInt(2 ** countBits) - 1n;
    this.position = -BigInt(2 ** sizeBits);
    this.memory.writeWord(BASE, PRB);
    this.memory.writeInt(PRB, countBits);
    this.memory.writeWord(PRB + 8n, DESCS);
    this.memory.writeWord(PRB + 16n, INFOS);
    this.memory.writeInt(PRB + 48n, sizeBits);
    this.memory.writeWord(PRB + 56n, DATA);
    this.memory.writeBytes(DESCS, new Uint8Array(Number(DESC_SIZE) * 2 ** countBits));
    this.memory.writeBytes(INFOS, new Uint8Array(Number(INFO_SIZE) * 2 ** countBits));
    this.memory.writeBytes(DATA, new Uint8Array(2 ** sizeBits));
    this.writeState(this.id, State.Reusable);
    this.writeEnds(this.id, this.id);
  }

  get head(): bigint {
    return this.id;
  }

  descOf(id: bigint): bigint {
    return DESCS + (id % BigInt(2 ** this.countBits)) * DESC_SIZE;
  }

  infoOf(id: bigint): bigint {
    return INFOS + (id % BigInt(2 ** this.countBits)) * INFO_SIZE;
  }

  writeEnds(tail: bigint, head: bigint): void {
    this.memory.writeWord(PRB + 24n, head);
    this.memory.writeWord(PRB + 32n, tail);
  }

  print(text: string, { state = State.Finalized, level = 6, lpos = 0n } = {}): bigint {
    const count = BigInt(2 ** this.countBits);
    this.id += 1n;
    const id = this.id;
    const first = 0x100000000n - count;
    this.writeEnds(id - count + 1n > first - 1n ? id - count + 1n : first - 1n, id);
    const bytes = new TextEncoder().encode(text);
    const { begin, next } = lpos === 0n ? this.allocate(bytes, id) : { begin: lpos, next: lpos };
    this.writeState(id, state);
    this.memory.writeWord(this.descOf(id) + 8n, begin);
    this.memory.writeWord(this.descOf(id) + 16n, next);
    this.memory.writeWord(this.infoOf(id), this.seq);
    this.memory.writeWord(this.infoOf(id) + 8n, this.seq * 1_000_000n);
    const facility = 3;
    const flags = 2;
    this.memory.writeBytes(
      this.infoOf(id) + 16n,
      Uint8Array.of(bytes.length & 255, bytes.length >> 8, facility, (level << 5) | flags),
    );
    this.seq += 1n;
    return id;
  }

  private allocate(bytes: Uint8Array, id: bigint): { begin: bigint; next: bigint } {
    const size = BigInt(2 ** this.sizeBits);
    const length = BigInt(8 + Math.ceil(bytes.length / 8) * 8);
    const begin = this.position;
    const index = BigInt.asUintN(64, begin) % size;
    const wraps = this.exactFit ? index + length > size : index + length >= size;
    const next = wraps ? begin + (size - index) + length : begin + length;
    while (this.blocks[0] !== undefined && this.blocks[0].begin < next - size)
      this.writeState(this.blocks.shift()!.id, State.Reusable);
    this.blocks.push({ id, begin });
    const at = DATA + (wraps ? 0n : index);
    this.memory.writeWord(DATA + index, id);
    this.memory.writeWord(at, id);
    this.memory.writeBytes(at + 8n, bytes);
    this.position = next;
    return { begin, next };
  }

  private writeState(id: bigint, state: bigint): void {
    this.memory.writeWord(this.descOf(id), (state << 62n) | id);
  }
}

function read(ring: FakeRing, changed: object = {}) {
  const skipped = new SkippedLog();
  const records = [
    ...eachLogRecord({ memory: ring.memory, info: { ...ring.info, ...changed } as never }, skipped),
  ];
  return { records, texts: records.map(({ text }) => text), skipped: skipped.records };
}

const saidOf = ({ skipped }: ReturnType<typeof read>) =>
  skipped.map(({ subject, reason }) => `${formatSubject(subject)}: ${reason.code}`);

describe('the ring buffer of the kernel log', () => {
  it('gives the records with their times and levels', () => {
    const ring = new FakeRing(4, 12);
    ring.print('Linux version 6.1', { level: 5 });
    ring.print('two\nlines', { level: 7 });
    expect(read(ring)).toMatchObject({
      records: [
        { tsNsec: 0n, level: 5, text: 'Linux version 6.1' },
        { tsNsec: 1_000_000n, level: 7, text: 'two\nlines' },
      ],
      skipped: [],
    });
  });

  it('is empty before the first record', () => {
    expect(read(new FakeRing(4, 12))).toMatchObject({ records: [], skipped: [] });
  });

  it('has empty lines, leaves out lost texts, and what is not yet committed', () => {
    const ring = new FakeRing(4, 12);
    ring.print('', { lpos: 3n });
    ring.print('no room', { lpos: 1n });
    ring.print('being written', { state: State.Reserved });
    ring.print('to be continued', { state: State.Committed });
    expect(read(ring)).toMatchObject({ texts: ['', 'to be continued'], skipped: [] });
  });

  it.each([false, true])('keeps the newest records where texts go around, exact fit %s', (exactFit) => {
    for (let count = 1; count < 80; count += 1) {
      const ring = new FakeRing(5, 8, exactFit);
      const printed = Array.from({ length: count }, (_, index) =>
        'x'.repeat((index * 7) % 41).padEnd(8, `${index}`),
      );
      for (const text of printed) ring.print(text);
      const { texts, skipped } = read(ring);
      expect(skipped).toEqual([]);
      expect(texts.length).toBeGreaterThan(0);
      expect(texts).toEqual(printed.slice(-texts.length));
    }
  });

  it('reads the last block of a ring where it fits exactly', () => {
    const ring = new FakeRing(4, 8, true);
    const printed = Array.from({ length: 8 }, (_, index) => `${index}`.repeat(24));
    for (const text of printed) ring.print(text);
    expect(read(ring)).toMatchObject({ texts: printed, skipped: [] });
  });

  it('says which descriptors are no records of the log, neighbours together', () => {
    const ring = new FakeRing(4, 12);
    const ids = ['a', 'b', 'c', 'd', 'e'].map((text) => ring.print(text));
    for (const id of ids.slice(1, 3)) ring.memory.writeBytes(ring.descOf(id), new Uint8Array(24));
    ring.memory.writeWord(ring.infoOf(ids[4]!), 4711n);
    const found = read(ring);
    expect(found.texts).toEqual(['a', 'd']);
    expect(saidOf(found)).toEqual([
      'log records 2 to 3: STRUCT_IMPLAUSIBLE',
      'log record 5: STRUCT_IMPLAUSIBLE',
    ]);
  });

  it('keeps a record whose text is damaged, without it', () => {
    const ring = new FakeRing(4, 12);
    const ids = ['a'.repeat(9), 'b'.repeat(9), 'c'.repeat(9), 'd'].map((text) => ring.print(text));
    ring.memory.writeWord(DATA, 4711n);
    ring.memory.writeBytes(DATA + 24n + 10n, new Uint8Array(4));
    ring.memory.writeBytes(ring.infoOf(ids[2]!) + 16n, Uint8Array.of(17, 0));
    const found = read(ring);
    expect(found.texts).toEqual([null, null, null, 'd']);
    expect(found.skipped.map(({ reason }) => reason.message)).toEqual([
      expect.stringContaining('id of a block is 0x1267'),
    ]);
    expect(found.skipped.map(({ subject }) => formatSubject(subject))[0]).toBe('text of log records 1 to 3');
  });

  it('does not take a text whose length was lost for an empty one', () => {
    const ring = new FakeRing(4, 12);
    const [long, short] = ['x'.repeat(40), 'x'].map((text) => ring.print(text)) as [bigint, bigint];
    for (const id of [long, short]) ring.memory.writeBytes(ring.infoOf(id) + 16n, new Uint8Array(4));
    expect(read(ring).texts).toEqual([null, '']);
    expect(read(ring).skipped[0]?.reason.message).toContain('text_len is 0, expected 1 to 40');
  });

  it.each([
    ['begins in another round', 8n, 0x4000n],
    ['ends before it begins', 64n, 32n],
    ['is not aligned', 4n, 32n],
    ['is shorter than its id', 32n, 32n],
  ])('refuses a text that %s', (_, begin, next) => {
    const ring = new FakeRing(4, 12);
    const id = ring.print('text');
    ring.memory.writeWord(ring.descOf(id) + 8n, begin);
    ring.memory.writeWord(ring.descOf(id) + 16n, next);
    expect(read(ring).texts).toEqual([null]);
    expect(read(ring).skipped[0]?.reason.message).toContain('text_blk_lpos');
  });

  it('reports the pages that are missing as one', () => {
    const ring = new FakeRing(6, 12);
    for (let index = 0; index < 60; index += 1) ring.print(`${index}`);
    ring.memory.remove(INFOS);
    const found = read(ring);
    expect(found.skipped.map(({ subject, reason }) => `${formatSubject(subject)}: ${reason.code}`)).toEqual([
      'log records 1 to 47: PAGE_NOT_PRESENT',
    ]);
    expect(found.texts.at(-1)).toBe('59');
  });

  it.each([
    ['count_bits', PRB, 40],
    ['size_bits', PRB + 48n, 40],
    ['descs', PRB + 8n, 0x1000],
    ['head_id', PRB + 24n, 0x12345678],
  ])('is refused where %s makes no sense', (member, at, value) => {
    const ring = new FakeRing(4, 12);
    ring.print('text');
    ring.memory.writeWord(at, BigInt(value));
    expect(() => read(ring)).toThrow(member);
  });

  it('names the key that the profile lacks', () => {
    expect(() => read(new FakeRing(4, 12), { 'log.prb_addr': undefined })).toThrow(
      'the profile has neither log.prb_addr nor, as for an older kernel, log.log_buf_addr',
    );
  });

  it('survives any bytes, and tells no more text than its ring holds', () => {
    const places = fc.constantFrom(PRB, DESCS, INFOS, DATA);
    const damage = fc.tuple(places, fc.nat(400), fc.uint8Array({ minLength: 1, maxLength: 16 }));
    fc.assert(
      fc.property(fc.array(damage, { maxLength: 12 }), (damages) => {
        const ring = new FakeRing(4, 9);
        for (let index = 0; index < 20; index += 1) ring.print(`record ${index}`);
        for (const [place, offset, bytes] of damages) ring.memory.writeBytes(place + BigInt(offset), bytes);
        try {
          const { records, texts } = read(ring);
          expect(texts.join('').length).toBeLessThanOrEqual(512);
          expect(
            records.every(({ level, tsNsec }) => level <= 7 && tsNsec !== null && tsNsec < 1n << 62n),
          ).toBe(true);
        } catch (error) {
          expect(OsiError.is(error)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
