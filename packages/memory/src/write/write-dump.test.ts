import { type Cpu, OsiError, PAGE_SIZE, type PhysicalMemory } from '@osi-linux/core';
import { codeOf } from '@osi-linux/test-fixtures/expect';
import { FakePhysicalMemory } from '@osi-linux/test-fixtures/fake-memory';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dump } from '../dump';
import { openDump } from '../formats/formats';
import { BytesSource } from '../sources/byte-source';
import { BytesSink } from './byte-sink';
import { type DumpContent, findPresentFrames } from './dump-content';
import { FrameSet } from './frame-set';
import { type WrittenFormat, writeDump } from './write-dump';

const FORMATS: readonly WrittenFormat[] = ['kdump', 'elf', 'lime', 'raw'];
const SECTION = '[my kernel]\nname = Łinux\ntask.init_addr = 18446744071601993600\n';
const VMCOREINFO = 'OSRELEASE=6.1.0-49-amd64\nNUMBER(phys_base)=-1048576\n';
const cpu = (index: number): Cpu => ({
  index,
  registers: {
    rip: 0xffffffff81000000n,
    rsp: 1n,
    rax: BigInt(index),
    cr0: 5n,
    cr3: 0x1000n,
    cr4: 7n,
    gs_base: 9n,
    efer: 0xd01n,
  },
});

/** Pages: the first is zeros, and every other has bytes that cannot be compressed. */
function pageOf(frame: number): Uint8Array {
  const bytes = new Uint8Array(PAGE_SIZE);
  let state = frame;
  if (frame % 2 === 0) return bytes.fill(frame);
  for (let at = 0; at < bytes.length; at += 1) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

function memoryOf(frames: readonly number[]): FakePhysicalMemory {
  const memory = new FakePhysicalMemory();
  for (const frame of frames) memory.setPage(frame, pageOf(frame));
  return memory;
}

function write(content: DumpContent, format: WrittenFormat): Dump {
  const sink = new BytesSink();
  expect(writeDump(sink, content, { format })).toBe(sink.bytes.length);
  return openDump(new BytesSource(sink.bytes), { format });
}

describe('writeDump', () => {
  it.each(FORMATS)('≡ openDump of it, page by page, as %s', (format) => {
    const frames = fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { minLength: 1 });
    fc.assert(
      fc.property(frames, fc.subarray([0, 1, 2, 5, 40_000]), (present, more) => {
        const numbers = [...new Set([...present, ...more])];
        const memory = memoryOf(numbers);
        const dump = write(
          { memory, frames: findPresentFrames(memory), cpus: [], machine: 'x86_64' },
          format,
        );
        for (const frame of [...Array(42).keys(), 40_000]) {
          const absent =
            format === 'raw' && frame <= Math.max(...numbers) ? new Uint8Array(PAGE_SIZE) : undefined;
          const expected = numbers.includes(frame) ? pageOf(frame) : absent;
          expect(Buffer.compare(dump.memory.page(frame)?.bytes ?? Buffer.of(), expected ?? Buffer.of())).toBe(
            0,
          );
        }
        expect(dump.findings).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it.each(['kdump', 'elf'] as const)('carries registers, VMCOREINFO and the profile in %s', (format) => {
    const memory = memoryOf([3]);
    for (const machine of ['x86_64', 'i386'] as const) {
      const carried = { cpus: [cpu(0), cpu(1)], machine, vmcoreinfo: VMCOREINFO, profile: SECTION };
      const dump = write({ memory, frames: findPresentFrames(memory), ...carried }, format);
      expect(dump).toMatchObject({ ...carried, findings: [] });
    }
  });

  it.each(['raw', 'lime'] as const)('carries nothing else in %s', (format) => {
    const memory = memoryOf([3]);
    const carried = { cpus: [cpu(0)], machine: 'x86_64', vmcoreinfo: VMCOREINFO, profile: SECTION } as const;
    const dump = write({ memory, frames: findPresentFrames(memory), ...carried }, format);
    expect(dump.cpus).toEqual([]);
    expect([dump.machine, dump.vmcoreinfo, dump.profile]).toEqual([undefined, undefined, undefined]);
  });

  it('tells in a kdump of RAM that it was left out, and of the rest that it is none', () => {
    const frames = new FrameSet();
    frames.add(2);
    const dump = write({ memory: memoryOf([1, 2, 3]), frames, cpus: [] }, 'kdump');
    const codes = [1, 3, 4].map((frame) => dump.memory.hole(frame).code);
    expect(codes).toEqual(['PAGE_EXCLUDED', 'PAGE_EXCLUDED', 'PHYSICAL_HOLE']);
  });

  it('has one block for all pages of zeros in a kdump', () => {
    const sizeOf = (pages: number): number => {
      const memory = new FakePhysicalMemory();
      for (let frame = 0; frame < pages; frame += 1) memory.setPage(frame);
      const sink = new BytesSink();
      return writeDump(sink, { memory, frames: findPresentFrames(memory), cpus: [] }, { format: 'kdump' });
    };
    expect(sizeOf(200) - sizeOf(100)).toBe(100 * 24);
  });

  it('counts more program headers than e_phnum can', () => {
    const page = pageOf(1);
    const memory: PhysicalMemory = {
      ranges: [{ start: 0, end: 2 ** 30 }],
      page: () => undefined,
      hole: () => new OsiError('PHYSICAL_HOLE', 'none'),
      scan: (_, into) => {
        into.set(page);
        return into.length;
      },
    };
    const frames = new FrameSet();
    for (let run = 0; run < 66_000; run += 1) frames.add(run * 2);
    const head = new BytesSink();
    const sink = {
      write: (position: number, bytes: Uint8Array) => {
        if (position < 2 ** 22) head.write(position, bytes);
      },
    };
    const size = writeDump(sink, { memory, frames, cpus: [], machine: 'x86_64' }, { format: 'elf' });
    expect(size).toBeGreaterThan(66_000 * PAGE_SIZE);
    const dump = openDump(new BytesSource(head.bytes));
    expect(dump.findings.map(({ what }) => what)).toEqual(['truncated']);
    expect(dump.memory.hole(65_999 * 2).code).toBe('DUMP_TRUNCATED');
  });

  it('refuses what cannot be', () => {
    const memory = memoryOf([1]);
    const frames = new FrameSet();
    const writeTo = (content: DumpContent, format: WrittenFormat) => () =>
      writeDump(new BytesSink(), content, { format });
    for (const format of FORMATS)
      expect(codeOf(writeTo({ memory, frames, cpus: [] }, format))).toBe('EXPORT_IMPOSSIBLE');
    frames.add(2);
    for (const format of FORMATS)
      expect(codeOf(writeTo({ memory, frames, cpus: [] }, format))).toBe('PHYSICAL_HOLE');
    const high: PhysicalMemory = {
      ranges: [{ start: 2 ** 47, end: 2 ** 47 + PAGE_SIZE }],
      page: () => undefined,
      hole: (frame) => memory.hole(frame),
      scan: () => 0,
    };
    expect(codeOf(writeTo({ memory: high, frames, cpus: [] }, 'kdump'))).toBe('EXPORT_IMPOSSIBLE');
  });
});

describe('findPresentFrames', () => {
  it('finds what is there, whatever the ranges say, and says how far it is', () => {
    const memory = memoryOf([1, 2, 7]);
    const told: number[] = [];
    const vague: PhysicalMemory = {
      ranges: [{ start: 0, end: 10 * PAGE_SIZE }],
      page: (frame) => memory.page(frame),
      hole: (frame) => memory.hole(frame),
      scan: (address, into) => memory.scan(address, into),
    };
    expect([...findPresentFrames(vague, (done, all) => told.push(done / all))]).toEqual([1, 2, 7]);
    expect(told.at(-1)).toBe(1);
    expect(told).toEqual([...told].sort((a, b) => a - b));
  });

  it('gives up on ranges of holes', () => {
    const nothing = { ...memoryOf([]), ranges: [{ start: 0, end: 2 ** 50 }], scan: () => 0 };
    expect(codeOf(() => findPresentFrames(nothing as unknown as PhysicalMemory))).toBe('EXPORT_IMPOSSIBLE');
  });
});
