import { OsiError } from '@osi-linux/core';
import { segmentsOfPages, writeElfCore } from '@osi-linux/test-fixtures/dump-writers';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dump } from '../../dump';
import { type ByteSource, BytesSource } from '../../sources/byte-source';
import { openDump } from '../formats';

function filled(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + seed) & 0xff);
}

function open(bytes: Uint8Array): Dump {
  return openDump(new BytesSource(bytes, 'test.elf'));
}

function code(name: string): unknown {
  return expect.objectContaining({ code: name });
}

/** The registers of a processor by every name that a QEMU note has. */
function allRegisters(seed: number): Record<string, bigint> {
  const registers: Record<string, bigint> = {};
  const next = (bits: number): bigint =>
    BigInt.asUintN(bits, 0x9e3779b97f4a7c15n * BigInt(Object.keys(registers).length + seed));
  const general =
    'rax rbx rcx rdx rsi rdi rsp rbp r8 r9 r10 r11 r12 r13 r14 r15 rip rflags cr0 cr2 cr3 cr4 kernel_gs_base';
  for (const name of general.split(' ')) registers[name] = next(64);
  for (const name of 'cs ds es fs gs ss ldtr tr'.split(' ')) {
    registers[name] = next(16);
    registers[`${name}_flags`] = next(32);
  }
  for (const name of 'cs ds es fs gs ss ldtr tr gdtr idtr'.split(' ')) {
    registers[`${name}_limit`] = next(32);
    registers[`${name}_base`] = next(64);
  }
  return registers;
}

const low = { physical: 0, bytes: filled(8192, 1) };
const high = { physical: 0x100000, bytes: filled(4096, 2), memorySize: 12288 };

describe('segments', () => {
  it.each(['qemu', 'plain'] as const)('are found by p_paddr in the layout %s', (layout) => {
    const dump = open(writeElfCore({ machine: 'x86_64', segments: [low, high], layout }));
    expect([dump.format, dump.machine, dump.findings, dump.cpus]).toEqual(['elf', 'x86_64', [], []]);
    expect(dump.memory.ranges).toEqual([
      { start: 0, end: 8192 },
      { start: 0x100000, end: 0x101000 },
    ]);
    expect(dump.memory.page(1)?.bytes).toEqual(low.bytes.subarray(4096));
    expect(dump.memory.page(0x100)?.view.getUint8(5)).toBe(high.bytes[5]);
    expect(dump.memory.page(2)).toBeUndefined();
  });

  it('the writer puts the program headers where QEMU does', () => {
    const view = new DataView(writeElfCore({ machine: 'x86_64', segments: [low] }).buffer);
    expect([view.getBigUint64(32, true), view.getUint16(52, true)]).toEqual([192n, 8]);
  });

  it('of ELF32 are read', () => {
    const dump = open(writeElfCore({ machine: 'i386', elfClass: 32, segments: [low, high] }));
    expect([dump.machine, dump.memory.page(0x100)?.bytes]).toEqual(['i386', high.bytes]);
  });

  it('whose bytes are fewer than their memory leave a named hole', () => {
    const dump = open(writeElfCore({ machine: 'x86_64', segments: [low, high] }));
    expect(dump.memory.page(0x101)).toBeUndefined();
    expect(dump.memory.hole(0x101)).toMatchObject({
      code: 'PAGE_EXCLUDED',
      message:
        'physical 0x101000 is not in the dump: 0x101000 is left out when the dump was written (p_filesz < p_memsz)',
    });
    expect(dump.memory.hole(5).message).toBe(
      'physical 0x5000 is not in the dump: 0x5000 is outside its ranges: a range ends at 0x2000 and the next one starts at 0x100000',
    );
  });

  it('that overlap: the first one counts', () => {
    const segments = [
      { physical: 0x2000, bytes: new Uint8Array(0x2000).fill(1) },
      { physical: 0x1000, bytes: new Uint8Array(0x4000).fill(2) },
      { physical: 0x3000, bytes: new Uint8Array(0x4000).fill(3) },
    ];
    const { memory } = open(writeElfCore({ machine: 'x86_64', segments }));
    expect(memory.ranges).toEqual([{ start: 0x1000, end: 0x7000 }]);
    expect([1, 2, 3, 4, 5, 6].map((frame) => memory.page(frame)?.bytes[0])).toEqual([2, 1, 1, 2, 3, 3]);
  });

  it('that meet inside a page make it whole; a page that stays partial is a hole', () => {
    const bytes = filled(0x3000, 9);
    const segments = [
      { physical: 0x1800, bytes: bytes.subarray(0x800, 0x1900) },
      { physical: 0x1000, bytes: bytes.subarray(0, 0x800) },
    ];
    const { memory } = open(writeElfCore({ machine: 'x86_64', segments }));
    expect(memory.page(1)?.bytes).toEqual(bytes.subarray(0, 0x1000));
    expect(memory.page(2)).toBeUndefined();
    expect(memory.ranges).toEqual([{ start: 0x1000, end: 0x2000 }]);
    expect(memory.scan(0x1ff0, new Uint8Array(0x1000))).toBe(16);
    expect(memory.hole(2)).toMatchObject({
      code: 'PHYSICAL_HOLE',
      message:
        'physical 0x2000 is not in the dump: only a part of its page is in the dump, and 0x2900 is outside its ranges: a range ends at 0x2900',
    });
  });

  it('scan copies up to the first hole', () => {
    const { memory } = open(writeElfCore({ machine: 'x86_64', segments: [low, high] }));
    const into = new Uint8Array(0x4000);
    expect(memory.scan(0x10, into)).toBe(8192 - 16);
    expect(into.subarray(0, 8176)).toEqual(low.bytes.subarray(16));
    expect([memory.scan(0x2000, into), memory.scan(2 ** 51, into), memory.scan(0x100ffe, into)]).toEqual([
      0, 0, 2,
    ]);
  });

  it('may be more than e_phnum can count', () => {
    const bytes = filled(4096, 3);
    const segments = Array.from({ length: 66_000 }, (_, index) => ({
      physical: index * 8192,
      bytes: index === 65_999 ? bytes : new Uint8Array(0),
      memorySize: 4096,
    }));
    const file = writeElfCore({ machine: 'x86_64', segments });
    expect(new DataView(file.buffer).getUint16(56, true)).toBe(0xffff);
    const { memory } = open(file);
    expect(memory.ranges).toEqual([{ start: 65_999 * 8192, end: 65_999 * 8192 + 4096 }]);
    expect(memory.page(65_999 * 2)?.bytes).toEqual(bytes);
  });
});

describe('registers', () => {
  const cpus = [allRegisters(1), allRegisters(1000)];

  it('are those that were written', () => {
    const dump = open(writeElfCore({ machine: 'x86_64', segments: [low], cpus }));
    expect(dump.cpus).toEqual(cpus.map((registers, index) => ({ index, registers })));
  });

  it('of a dump that was read and written again are the same', () => {
    const first = open(writeElfCore({ machine: 'x86_64', segments: [low], cpus }));
    const again = writeElfCore({
      machine: 'x86_64',
      segments: [low],
      cpus: first.cpus.map((cpu) => cpu.registers),
    });
    expect(open(again).cpus).toEqual(first.cpus);
  });

  it('of old QEMU notes have no kernel_gs_base', () => {
    const { kernel_gs_base: _, ...old } = allRegisters(5);
    const dump = open(writeElfCore({ machine: 'x86_64', segments: [low], cpus: [old] }));
    expect(dump.cpus[0]?.registers).toEqual(old);
  });

  it('of 32-bit guests come by the same names', () => {
    const registers = {
      rax: 1n,
      rbx: 2n,
      rsp: 0xc1234567n,
      rip: 0xc1000000n,
      cs: 0x60n,
      ss: 0x68n,
      rflags: 0x246n,
    };
    const dump = open(writeElfCore({ machine: 'i386', segments: [low], cpus: [registers] }));
    expect(dump.cpus[0]?.registers).toMatchObject(registers);
    expect(dump.cpus[0]?.registers).not.toHaveProperty('cr3');
  });

  it('of a note of unknown size are left out with a finding', () => {
    const notes = [
      { name: 'QEMU', type: 0, desc: new Uint8Array(100) },
      { name: 'CORE', type: 1, desc: new Uint8Array(12) },
    ];
    const dump = open(writeElfCore({ machine: 'x86_64', segments: [low], notes }));
    expect(dump.cpus).toEqual([{ index: 0, registers: {} }]);
    expect(dump.findings.map((finding) => finding.evidence)).toEqual([
      'NT_PRSTATUS 0 has 12 bytes of an unknown layout',
      'QEMU note 0 has 100 bytes of an unknown layout',
    ]);
  });

  it('VMCOREINFO is kept as text', () => {
    const vmcoreinfo = 'OSRELEASE=6.1.0-56-amd64\nPAGESIZE=4096\n';
    expect(open(writeElfCore({ machine: 'x86_64', segments: [], vmcoreinfo })).vmcoreinfo).toBe(vmcoreinfo);
    expect(open(writeElfCore({ machine: 'x86_64', segments: [] }))).not.toHaveProperty('vmcoreinfo');
  });
});

describe('damaged files', () => {
  const sound = writeElfCore({ machine: 'x86_64', segments: [low, high], cpus: [allRegisters(1)] });
  const changed = (change: (view: DataView) => void): Uint8Array => {
    const copy = sound.slice();
    change(new DataView(copy.buffer));
    return copy;
  };

  it('that are cut off give what is there', () => {
    const dump = open(sound.subarray(0, sound.length - 100));
    expect(dump.findings).toEqual([
      {
        what: 'truncated',
        value: '100 bytes are missing',
        evidence: `the last PT_LOAD ends at offset ${sound.length}, the file at ${sound.length - 100}`,
      },
    ]);
    expect(dump.memory.page(1)?.bytes).toEqual(low.bytes.subarray(4096));
    expect(dump.memory.page(0x100)).toBeUndefined();
    expect(dump.memory.hole(0x100).code).toBe('DUMP_TRUNCATED');
    expect(dump.memory.hole(0x101).code).toBe('PAGE_EXCLUDED');
  });

  it('that are cut off in the program headers are read as far as they go', () => {
    const dump = open(sound.subarray(0, 192 + 56));
    expect(dump.findings[0]).toMatchObject({ what: 'truncated', value: '2 program headers are missing' });
    expect(dump.memory.ranges).toEqual([]);
    expect(() => open(sound.subarray(0, 192))).toThrow(code('DUMP_MALFORMED'));
    expect(() => open(sound.subarray(0, 40))).toThrow(code('DUMP_MALFORMED'));
    expect(() => open(sound.subarray(0, 5))).toThrow(code('DUMP_MALFORMED'));
  });

  it.each<[string, string, (view: DataView) => void]>([
    ['an executable', 'DUMP_NOT_A_CORE', (view) => view.setUint16(16, 2, true)],
    ['an ELF type of its own', 'DUMP_NOT_A_CORE', (view) => view.setUint16(16, 0xfe00, true)],
    ['big-endian', 'DUMP_MACHINE_UNSUPPORTED', (view) => view.setUint8(5, 2)],
    ['class 3', 'DUMP_MALFORMED', (view) => view.setUint8(4, 3)],
    ['e_phentsize 8', 'DUMP_MALFORMED', (view) => view.setUint16(54, 8, true)],
    ['e_phoff outside', 'DUMP_MALFORMED', (view) => view.setBigUint64(32, 1n << 63n, true)],
    [
      'PN_XNUM without sections',
      'DUMP_MALFORMED',
      (view) => {
        view.setUint16(56, 0xffff, true);
        view.setBigUint64(40, 0n, true);
      },
    ],
    [
      '4294967295 program headers',
      'DUMP_MALFORMED',
      (view) => {
        view.setUint16(56, 0xffff, true);
        view.setUint32(64 + 44, 0xffffffff, true);
      },
    ],
  ])('%s: %s', (_, expected, change) => {
    expect(() => open(changed(change))).toThrow(code(expected));
  });

  it('an executable is called one', () => {
    expect(() => open(changed((view) => view.setUint16(16, 2, true)))).toThrow(
      'test.elf is an executable, such as vmlinux, not the memory of a guest',
    );
  });

  it('segments with addresses that cannot be are refused, the others stay', () => {
    const dump = open(changed((view) => view.setBigUint64(192 + 2 * 56 + 24, 0xffffffff81000000n, true)));
    expect(dump.memory.ranges).toEqual([{ start: 0, end: 8192 }]);
    expect(dump.findings).toMatchObject([
      { what: 'segments', value: '1 refused for addresses that cannot be' },
    ]);
  });

  it('a segment without a physical address is shown with the address in the file', () => {
    const dump = open(changed((view) => view.setBigUint64(192 + 2 * 56 + 24, 2n ** 64n - 1n, true)));
    expect(dump.findings[0]?.evidence).toMatch(/^the first one has p_paddr 0xffffffffffffffff, p_offset 0x/);
  });

  it('segments whose file offsets overflow are refused', () => {
    const dump = open(changed((view) => view.setBigUint64(192 + 2 * 56 + 8, (1n << 64n) - 4096n, true)));
    expect(dump.memory.ranges).toEqual([{ start: 0, end: 8192 }]);
    expect(dump.findings.map((finding) => finding.what)).toEqual(['segments']);
  });

  it('has no more notes than are read, whatever is in them', () => {
    const note = { name: 'QEMU', type: 0, desc: new Uint8Array(0) };
    const notes = new Array<typeof note>(40_000).fill(note);
    const { cpus, findings } = open(writeElfCore({ machine: 'x86_64', segments: [low], notes }));
    expect(cpus).toHaveLength(32_768);
    expect(findings).toEqual([
      { what: 'notes', value: 'not all notes could be read', evidence: 'more than 32768 notes' },
      {
        what: 'cpu-note',
        value: '32768 register notes could not be read',
        evidence: 'QEMU note 0 has 0 bytes of an unknown layout',
      },
    ]);
  });

  it('a note that is longer than its segment ends the notes', () => {
    const dump = open(changed((view) => view.setUint32(192 + 3 * 56 + 4, 0x7fffffff, true)));
    expect(dump.cpus).toEqual([]);
    expect(dump.findings).toMatchObject([{ what: 'notes' }]);
  });

  it.each([
    ['aarch64', 183],
    ['riscv64', 243],
  ])('those of the machine %s are refused by its name', (name, machine) => {
    expect(() => open(changed((view) => view.setUint16(18, machine, true)))).toThrow(
      expect.objectContaining({
        code: 'DUMP_MACHINE_UNSUPPORTED',
        message: `test.elf is an ELF core of the machine "${name}" (e_machine ${machine}), expected x86`,
        hint: `only x86 guests are supported; guests of ${name} are not read yet`,
      }),
    );
  });

  it('that hold a page in part give the bytes that are there', () => {
    // Begins inside the page 0x10, and ends inside the page 0x11; the page 0x20 has its middle in two segments.
    const head = { physical: 0x10400, bytes: filled(0x1000, 5) };
    const left = { physical: 0x20100, bytes: filled(0x100, 6) };
    const right = { physical: 0x20300, bytes: filled(0x80, 7) };
    const { memory } = open(writeElfCore({ machine: 'x86_64', segments: [head, left, right] }));
    expect([0x10, 0x11, 0x20].map((frame) => memory.page(frame))).toEqual([undefined, undefined, undefined]);
    expect(memory.parts?.(0x10)).toEqual([{ start: 0x400, bytes: head.bytes.subarray(0, 0xc00) }]);
    expect(memory.parts?.(0x11)).toEqual([{ start: 0, bytes: head.bytes.subarray(0xc00) }]);
    expect(memory.parts?.(0x20)).toEqual([
      { start: 0x100, bytes: left.bytes },
      { start: 0x300, bytes: right.bytes },
    ]);
    expect([memory.parts?.(0x12), memory.parts?.(2 ** 40)]).toEqual([[], []]);
    expect(memory.hole(0x11).message).toContain('only a part of its page is in the dump, and 0x11400 is');
  });

  it('those of a big-endian machine are refused by its name', () => {
    const bytes = changed((view) => {
      view.setUint8(5, 2);
      view.setUint16(18, 22);
    });
    expect(() => open(bytes)).toThrow(
      'test.elf is an ELF file of the machine "s390x" (big-endian), expected x86',
    );
  });

  it('an unknown machine is read without registers', () => {
    const dump = open(changed((view) => view.setUint16(18, 0x1234, true)));
    expect([dump.cpus, 'machine' in dump, dump.findings[0]?.what]).toEqual([[], false, 'machine']);
  });

  it.each([
    [64, 0xffff880000000000n],
    [32, 0xc0000000n],
  ] as const)('a kcore of %i bits without physical addresses is called one', (elfClass, start) => {
    const mappings = [0n, 0x2000n].map((offset) => ({
      virtual: start + offset,
      physical: 0,
      length: 0x1000,
    }));
    const bytes = writeElfCore({ machine: 'x86_64', elfClass, segments: [low], mappings });
    expect(() => open(bytes)).toThrow(
      expect.objectContaining({
        code: 'DUMP_FORMAT_UNSUPPORTED',
        message: expect.stringContaining('a copy of /proc/kcore without physical addresses'),
      }),
    );
  });

  it('the core of one process is none of a guest', () => {
    const bytes = writeElfCore({ machine: 'x86_64', segments: [low, { ...low }] });
    expect(() => open(bytes)).toThrow(code('DUMP_NOT_A_CORE'));
  });
});

describe('sources that fail', () => {
  const bytes = writeElfCore({ machine: 'x86_64', segments: [low] });

  it('while reading make holes that say so', () => {
    let broken = false;
    const good = new BytesSource(bytes);
    const source: ByteSource = {
      name: 'bad disk',
      size: bytes.length,
      read: (position, into) => {
        if (broken) throw new OsiError('SOURCE_READ_FAILED', 'input/output error');
        return good.read(position, into);
      },
      close: () => good.close(),
    };
    const { memory } = openDump(source);
    memory.page(0);
    broken = true;
    expect(memory.page(0)?.bytes[0]).toBe(1);
    expect(memory.page(1)).toBeUndefined();
    expect(memory.hole(1).code).toBe('SOURCE_READ_FAILED');
    expect(memory.scan(0x1000, new Uint8Array(16))).toBe(0);
    broken = false;
    expect(memory.hole(1).code).toBe('PAGE_PRESENT');
  });

  it('by becoming shorter make holes', () => {
    let size = bytes.length;
    const source: ByteSource = {
      name: 'shrinking',
      size: bytes.length,
      read: (position, into) => new BytesSource(bytes.subarray(0, size)).read(position, into),
      close: () => undefined,
    };
    const { memory } = openDump(source);
    size -= 10;
    expect(memory.page(1)).toBeUndefined();
    expect(memory.hole(1).code).toBe('DUMP_TRUNCATED');
  });
});

describe('any file', () => {
  const sound = writeElfCore({
    machine: 'x86_64',
    segments: [low, high],
    cpus: [allRegisters(1)],
    vmcoreinfo: 'A=1\n',
  });
  const probe = (bytes: Uint8Array): void => {
    try {
      const { memory } = open(bytes);
      for (const frame of [0, 1, 2, 0x100, 0x101, 2 ** 39]) {
        const page = memory.page(frame);
        if (page === undefined) expect(OsiError.is(memory.hole(frame))).toBe(true);
        else expect(page.bytes.length).toBe(4096);
      }
      for (const range of memory.ranges) expect(memory.scan(range.start, new Uint8Array(64))).toBe(64);
    } catch (error) {
      if (!OsiError.is(error)) throw error;
    }
  };

  it('with changed headers gives pages or an OsiError', () => {
    const edit = fc.record({ at: fc.nat({ max: 1500 }), value: fc.nat({ max: 255 }) });
    const edits = fc.array(edit, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(edits, fc.nat({ max: sound.length }), fc.boolean(), (changes, length, cut) => {
        const copy = sound.slice(0, cut ? length : undefined);
        for (const { at, value } of changes) copy[at] = value;
        probe(copy);
      }),
      { numRuns: 400 },
    );
  });

  it('of random bytes behind the ELF magic gives pages or an OsiError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        probe(bytes);
        probe(
          Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 62, 0, ...bytes),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('of single pages is read back as written', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: 40 }), { maxLength: 20 }), (frames) => {
        const pages = frames.map((frame) => [frame + 1, filled(4096, frame)] as const);
        const { memory } = open(writeElfCore({ machine: 'x86_64', segments: segmentsOfPages(pages) }));
        for (let frame = 0; frame < 44; frame += 1) {
          expect(memory.page(frame)?.bytes).toEqual(pages.find(([at]) => at === frame)?.[1]);
        }
      }),
      { numRuns: 30 },
    );
  });
});
