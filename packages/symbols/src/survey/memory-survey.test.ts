import { OsiError, PAGE_SIZE, type Page, type PhysicalMemory } from '@osi-linux/core';
import { FakePhysicalMemory } from '@osi-linux/test-fixtures/fake-memory';
import {
  KALLSYMS_FORMS,
  type KallsymsForm,
  writeFakeImage,
  writeVmcoreinfoNote,
} from '@osi-linux/test-fixtures/kernel-image';
import { describe, expect, it } from 'vitest';
import { locateKernel, locateKernels } from '../locate/located-kernel';
import { eachKernelLocation } from '../locate/x86/kernel-location';
import { MemorySurvey } from './memory-survey';

const MIB = 1024 * 1024;
const NOTE = 'OSRELEASE=4.4.0\nSYMBOL(swapper_pg_dir)=ffffffff81e0a000\nNUMBER(phys_base)=0\n';

/** Counts the reads of another memory. */
class CountingMemory implements PhysicalMemory {
  scanned = 0;
  pages = 0;

  constructor(private readonly of: PhysicalMemory) {}

  get ranges() {
    return this.of.ranges;
  }

  page(frame: number): Page | undefined {
    this.pages += 1;
    return this.of.page(frame);
  }

  hole(frame: number): OsiError {
    return this.of.hole(frame);
  }

  scan(address: number, into: Uint8Array): number {
    const count = this.of.scan(address, into);
    this.scanned += count;
    return count;
  }
}

/** Every page is the same one. */
function memoryOfOnePage(bytes: number, words: readonly (readonly [place: number, word: number])[]) {
  const page = new Uint8Array(PAGE_SIZE);
  const view = new DataView(page.buffer);
  for (const [place, word] of words) view.setUint32(place * 4, word, true);
  const size = bytes;
  return new CountingMemory({
    ranges: [{ start: 0, end: size }],
    page: (frame) => (frame * PAGE_SIZE < size ? { bytes: page, view } : undefined),
    hole: () => new OsiError('PHYSICAL_HOLE', 'behind the end'),
    scan: (address, into) => {
      const count = Math.min(into.length, Math.max(0, size - address));
      for (let done = 0; done < count; done += PAGE_SIZE)
        into.set(page.subarray(0, Math.min(PAGE_SIZE, count - done)), done);
      return count;
    },
  });
}

describe('MemorySurvey', () => {
  it('reads memory once for all who ask', () => {
    const memory = new FakePhysicalMemory();
    for (let frame = 0; frame < 4096; frame += 1) memory.setPage(frame, Uint8Array.of(1));
    memory.write(0x3000, writeVmcoreinfoNote(NOTE));
    const counting = new CountingMemory(memory);
    const survey = new MemorySurvey(counting);
    expect(survey.notes.map(({ at }) => at)).toEqual([0x3000]);
    const { scanned } = counting;
    expect(scanned).toBeLessThan(4097 * PAGE_SIZE + 65536);
    const source = { memory: counting, survey };
    const methods = ['vmcoreinfo-in-memory', 'page-tables-in-memory'] as const;
    for (const one of methods) expect([...eachKernelLocation({ ...source, methods: [one] })]).toEqual([]);
    expect(counting.scanned).toBe(scanned);
    expect(survey.texts.notes.map(({ at }) => at)).toEqual([0x3000]);
    expect(counting.scanned).toBeLessThan(2.1 * scanned);
  });

  it('passes over what looks empty, until it is told to read that too', () => {
    const memory = new FakePhysicalMemory();
    for (let frame = 0; frame < 16384; frame += 1) memory.setPage(frame);
    const [near, hidden] = [0x80000, 0x3011000];
    for (const at of [near, hidden]) memory.write(at, writeVmcoreinfoNote(NOTE));
    // Data of 3 MiB, and notes a little before and in them.
    for (let frame = 0x2100; frame < 0x2400; frame += 1) memory.setPage(frame, Uint8Array.of(1));
    const found = [0x20f0000, 0x2300000];
    for (const at of found) memory.write(at, writeVmcoreinfoNote(NOTE));
    const counting = new CountingMemory(memory);
    const survey = new MemorySurvey(counting);
    expect(survey.notes.map(({ at }) => at)).toEqual([near, ...found]);
    expect(counting.scanned).toBeLessThan(20 * MIB);
    const skipped = survey.skipped.reduce((sum, { start, end }) => sum + (end - start), 0);
    expect(counting.scanned + skipped).toBeGreaterThanOrEqual(64 * MIB);
    expect(survey.skipped.every(({ start, end }) => start % 4096 === 0 && end % 4096 === 0)).toBe(true);
    expect(survey.complete()).toBe(true);
    expect(survey.notes.map(({ at }) => at).sort()).toEqual([near, ...found, hidden].sort());
    expect([survey.skipped, survey.complete()]).toEqual([[], false]);
  });

  it('leads to a kernel by what looks empty where nothing else does', () => {
    const form = KALLSYMS_FORMS['v6.4'] as KallsymsForm;
    const textBase = 0xffffffff81000000n;
    const memory = new FakePhysicalMemory();
    for (let frame = 0; frame < 16384; frame += 1) memory.setPage(frame);
    const image = writeFakeImage(memory, { form, paging: '4-level', textBase, physical: 0x9000000 });
    const table = image.symbols.find(({ name }) => name === 'init_top_pgt')?.address ?? 0n;
    const text = `OSRELEASE=6.1\nSYMBOL(swapper_pg_dir)=${table.toString(16)}\nNUMBER(phys_base)=${0x8000000}\n`;
    memory.write(0x3011000, writeVmcoreinfoNote(text));
    const first = { memory, methods: ['vmcoreinfo-in-memory'] } as const;
    expect([...eachKernelLocation(first)]).toEqual([]);
    const rest = { memory, methods: ['vmcoreinfo-in-memory', 'rest-of-memory'] } as const;
    const [location] = eachKernelLocation(rest);
    expect(location?.root).toBe(image.builder.root);
    expect(location?.evidence.root).toContain('VMCOREINFO in memory at physical 0x3011000');
  });

  it('is not followed by a slower search where it has led to a kernel', () => {
    const form = KALLSYMS_FORMS['v6.4'] as KallsymsForm;
    const textBase = 0xffffffffa9c00000n;
    const memory = new FakePhysicalMemory();
    for (let frame = 0; frame < 8192; frame += 1) memory.setPage(frame, Uint8Array.of(1));
    writeFakeImage(memory, { form, paging: '4-level', textBase, physical: 0x9000000 });
    memory.write(0x3004, writeVmcoreinfoNote(NOTE));
    const survey = new MemorySurvey(memory);
    Object.defineProperty(survey, 'texts', { get: () => expect.fail('searched again') });
    expect(locateKernels({ memory, survey }).map(({ location }) => location.textBase)).toEqual([textBase]);
  });

  it.each([
    [
      'links to themselves',
      [
        [1020, 0x5063],
        [1021, 0],
        [1022, 0x5063],
        [1023, 0],
      ],
    ],
    [
      'large pages',
      [
        [0, 0],
        [768, 0x1e3],
        [1020, 0x5063],
        [1022, 0x5063],
      ],
    ],
    [
      'top tables of two levels',
      [
        [768, 0x5063],
        [769, 0x4001e3],
        [772, 0x10001e3],
        [1023, 0x5063],
      ],
    ],
    ['top tables of PAE', [[6, 0x5001]]],
    [
      'notes',
      [
        [0, 11],
        [1, 65536],
        [3, 0x4f434d56],
        [4, 0x4e495245],
        [5, 0x4f46],
      ],
    ],
  ] as const)('leads to bounded work where all of memory is %s', (_, words) => {
    const memory = memoryOfOnePage(64 * MIB, words);
    expect(locateKernel({ memory })?.symbols).toBeUndefined();
    expect(memory.pages).toBeLessThan(10_000_000);
    expect(memory.scanned).toBeLessThan(1024 * MIB);
  });
});
