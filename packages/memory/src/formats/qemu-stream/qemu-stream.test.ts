import {
  cpuDevice,
  type QemuStreamContent,
  rtcDevice,
  type StreamPage,
  writeQemuStream,
} from '@osi-linux/test-fixtures/dump-writers';
import { describe, expect, it } from 'vitest';
import type { Dump, OpenDumpOptions } from '../../dump';
import { type ByteSource, BytesSource } from '../../sources/byte-source';
import { openDump } from '../formats';

const MIB = 1024 * 1024;
const RAM = { name: 'pc.ram', length: 2 * MIB };

function page(seed: number): Uint8Array {
  return Uint8Array.from({ length: 4096 }, (_, index) => ((index * 7) ^ (index >> 5)) + seed);
}

function sent(number: number, as: StreamPage['as'] = 'plain', block = 'pc.ram', seed = number): StreamPage {
  return { block, page: number, bytes: as === 'fill' ? new Uint8Array(4096) : page(seed), as };
}

function open(content: QemuStreamContent, options?: OpenDumpOptions): Dump {
  return openDump(new BytesSource(writeQemuStream(content), 'test.stream'), options);
}

/** Where the last name of the block pc.ram begins, at the byte with its length. */
function lastName(bytes: Uint8Array): number {
  return Buffer.from(bytes).lastIndexOf('pc.ram') - 1;
}

function code(name: string): unknown {
  return expect.objectContaining({ code: name });
}

function found(dump: Dump): string[] {
  return dump.findings.map(({ what }) => what);
}

const plain: QemuStreamContent = {
  machine: 'pc-i440fx-7.2',
  blocks: [RAM, { name: '/rom@etc/acpi/rsdp', length: 4096 }],
  rounds: [
    [sent(0), sent(1, 'fill'), sent(2, 'zlib'), sent(5, 'plain', '/rom@etc/acpi/rsdp', 0)].slice(0, 3),
  ],
};

describe('a stream without its RAM', () => {
  it('reports the file that has it', () => {
    const capabilities = ['x-ignore-shared'];
    const [finding, ...others] = open({ ...plain, capabilities, rounds: [[]] }).findings;
    expect(finding).toMatchObject({ what: 'ram-elsewhere', value: 'the stream has no page of pc.ram' });
    expect(others).toEqual([]);
    expect(open({ ...plain, capabilities }).findings).toEqual([]);
  });
});

describe('a stream of another machine', () => {
  it.each([
    ['aarch64', 'virt-10.0', 'mach-virt.ram'],
    ['riscv64', 'virt', 'riscv_virt_board.ram'],
    ['s390x', 's390-ccw-virtio-10.0', 's390.ram'],
  ])('is refused as one of %s', (name, machine, block) => {
    const blocks = [{ ...RAM, name: block }];
    expect(() => open({ machine, blocks, rounds: [[sent(0, 'plain', block)]] })).toThrow(
      expect.objectContaining({
        code: 'DUMP_MACHINE_UNSUPPORTED',
        message: `test.stream is a QEMU stream of the machine "${name}" (its RAM is the block ${block}), expected x86`,
      }),
    );
  });
});

describe('pages', () => {
  it('are read plain, filled and compressed; what is not sent is a hole', () => {
    const dump = open(plain);
    expect([dump.format, dump.cpus, dump.findings]).toEqual(['qemu-stream', [], []]);
    expect(dump.memory.ranges).toEqual([{ start: 0, end: 3 * 4096 }]);
    expect(dump.memory.page(0)?.bytes).toEqual(page(0));
    expect(dump.memory.page(1)?.bytes).toEqual(new Uint8Array(4096));
    expect(dump.memory.page(2)?.bytes).toEqual(page(2));
    expect(dump.memory.page(3)).toBeUndefined();
    expect(dump.memory.hole(3)).toEqual(code('PAGE_EXCLUDED'));
    expect(dump.memory.hole(RAM.length / 4096)).toEqual(code('PHYSICAL_HOLE'));
    const into = new Uint8Array(16384);
    expect(dump.memory.scan(100, into)).toBe(3 * 4096 - 100);
    expect(into.subarray(0, 3996)).toEqual(page(0).subarray(100));
  });

  it('that are filled with another byte than 0 keep it', () => {
    const bytes = new Uint8Array(4096).fill(0xff);
    const dump = open({ ...plain, rounds: [[{ block: 'pc.ram', page: 7, bytes, as: 'fill' }]] });
    expect(dump.memory.page(7)?.bytes).toEqual(bytes);
  });

  it('that are sent again win, whatever they were', () => {
    const first = [sent(0), sent(1), sent(2, 'fill')];
    const dump = open({
      ...plain,
      rounds: [first, [sent(1, 'plain', 'pc.ram', 99)], [sent(2), sent(0, 'fill')]],
    });
    expect(dump.memory.page(0)?.bytes).toEqual(new Uint8Array(4096));
    expect(dump.memory.page(1)?.bytes).toEqual(page(99));
    expect(dump.memory.page(2)?.bytes).toEqual(page(2));
  });

  it('that are sent as deltas are named, and the others read', () => {
    const dump = open({ ...plain, rounds: [[sent(0), sent(1)], [sent(1, 'xbzrle')]] });
    expect(found(dump)).toEqual(['deltas']);
    expect(dump.memory.page(0)?.bytes).toEqual(page(0));
    expect(dump.memory.page(1)).toBeUndefined();
    expect(dump.memory.hole(1)).toMatchObject({
      code: 'PAGE_EXCLUDED',
      message: expect.stringContaining('XBZRLE'),
    });
  });

  it('whose compressed bytes are damaged are told so', () => {
    const bytes = writeQemuStream({ ...plain, rounds: [[sent(0, 'zlib')]] });
    const at = bytes.findIndex((byte, index) => byte === 0x78 && bytes[index + 1] === 0x9c);
    bytes.fill(0xaa, at + 4, at + 40);
    const dump = openDump(new BytesSource(bytes));
    expect(dump.memory.page(0)).toBeUndefined();
    expect(dump.memory.hole(0)).toEqual(code('PAGE_DAMAGED'));
  });

  it('of a stream of version 3 have no block names', () => {
    const dump = open({ blocks: [RAM], rounds: [[sent(0), sent(300)]], ramVersion: 3 });
    expect(dump.memory.page(300)?.bytes).toEqual(page(300));
    expect(found(dump)).toEqual(['ram-version']);
  });
});

describe('the list of blocks', () => {
  it('may carry addresses and sizes of huge pages', () => {
    const blocks = [RAM, { name: 'pc.rom', length: 8192 }];
    const capabilities = ['x-ignore-shared'];
    const hugePages = [2 * MIB, undefined];
    const dump = open({ ...plain, blocks, capabilities, hugePages });
    expect([dump.memory.page(2)?.bytes, dump.findings]).toEqual([page(2), []]);
  });

  it('of mapped-ram leads to pages at fixed places', () => {
    const blocks = [RAM, { name: 'pc.bios', length: 65536 }];
    const rounds = [
      [sent(3), sent(511)],
      [sent(3, 'plain', 'pc.ram', 8), sent(15, 'plain', 'pc.bios')],
    ];
    const bytes = writeQemuStream({ ...plain, capabilities: ['mapped-ram'], blocks, rounds });
    const dump = openDump(new BytesSource(bytes));
    expect(dump.findings).toEqual([]);
    expect(dump.memory.page(3)?.bytes).toEqual(page(8));
    expect(dump.memory.page(511)?.bytes).toEqual(page(511));
    expect(dump.memory.page(4)?.bytes).toEqual(new Uint8Array(4096));
    expect(dump.memory.page(0xfffff)?.bytes).toEqual(page(15));
    const cut = openDump(new BytesSource(bytes.subarray(0, 2 * MIB)));
    expect(found(cut)).toContain('truncated');
    expect(cut.memory.page(3)?.bytes).toEqual(page(8));
    expect(cut.memory.hole(511)).toEqual(code('DUMP_TRUNCATED'));
  });

  it('of mapped-ram may claim a bitmap of any size, at no cost', () => {
    const blocks = [{ name: 'pc.ram', length: 4096 }];
    const head = writeQemuStream({ ...plain, capabilities: ['mapped-ram'], blocks, rounds: [] });
    const view = new DataView(head.buffer);
    const name = lastName(head);
    // { u64 total + flag }, the name with its length, { u64 length; u32 version; u64 page size, bitmap, pages }
    view.setBigUint64(name - 8, 2n ** 50n + 4n);
    view.setBigUint64(name + 7, 2n ** 50n);
    view.setBigUint64(name + 35, 2n ** 40n);
    let most = 0;
    // A sparse file may have any size.
    const source: ByteSource = {
      name: 'x.stream',
      size: 2 ** 45,
      read: (position, into) => {
        most = Math.max(most, into.length);
        into.set(head.subarray(position, position + into.length));
        return into.length;
      },
      close: () => undefined,
    };
    const { findings } = openDump(source);
    expect(findings[0]?.evidence).toMatch(/a mapped-ram header with a bitmap of 34359738368 bytes/);
    expect(most).toBeLessThan(2 ** 24);
  });

  it('may claim more than the file can hold, at no cost', () => {
    const dump = open({ ...plain, blocks: [{ name: 'pc.ram', length: 2 ** 50 }] });
    expect(found(dump)).toEqual(['block-size', 'split']);
    expect(dump.memory.ranges).toEqual([{ start: 0, end: 3 * 4096 }]);
    expect(dump.memory.page(2 ** 36)).toBeUndefined();
  });

  it('is refused where it does not add up', () => {
    const bytes = writeQemuStream(plain);
    // The low half of the total is before the length of the first name.
    new DataView(bytes.buffer).setUint32(lastName(bytes.subarray(0, 100)) - 5, 0x101004);
    expect(() => openDump(new BytesSource(bytes))).toThrow(code('DUMP_MALFORMED'));
  });
});

describe('memory', () => {
  const blocks = [
    { name: 'pc.ram', length: 32 * MIB },
    { name: 'pc.bios', length: 0x40000 },
  ];
  const rounds = [[sent(0), sent(4096), sent(0, 'plain', 'pc.bios', 5), sent(63, 'plain', 'pc.bios')]];

  it('is split where the CMOS says, and the BIOS ends at 4 GiB', () => {
    const devices = [rtcDevice(16 * MIB, 16 * MIB)];
    const dump = open({ ...plain, blocks, rounds, devices });
    expect(dump.memory.ranges).toEqual([
      { start: 0, end: 4096 },
      { start: 0xfffc0000, end: 0xfffc1000 },
      { start: 0xfffff000, end: 0x100001000 },
    ]);
    expect(dump.memory.page(0x100000)?.bytes).toEqual(page(4096));
    expect(dump.findings).toEqual([
      {
        what: 'split',
        value: 'RAM from 0x1000000 is placed at 4 GiB',
        evidence: 'the sizes of memory in the CMOS of the machine',
      },
    ]);
  });

  it('is split where the caller says, against the CMOS', () => {
    const devices = [rtcDevice(16 * MIB, 16 * MIB)];
    const dump = open({ ...plain, blocks, rounds, devices }, { belowFourGiB: 8 * MIB });
    expect(dump.memory.page(0x100000 + 2048)?.bytes).toEqual(page(4096));
    expect(() => open(plain, { belowFourGiB: 5 })).toThrow(code('DUMP_SPLIT_INVALID'));
  });

  it.each([
    ['pc-i440fx-2.9', 3.5 * 1024 * MIB, 0xc0000000],
    ['pc-i440fx-2.9', 3 * 1024 * MIB, undefined],
    ['pc-q35-7.2', 3 * 1024 * MIB, 0x80000000],
    ['microvm', 3.25 * 1024 * MIB, 0xc0000000],
    [undefined, 4 * 1024 * MIB, 0xc0000000],
  ] as const)('of %s with %d bytes is split by the rule of the machine', (machine, length, below) => {
    const last = length / 4096 - 1;
    const dump = open({
      ...(machine === undefined ? {} : { machine }),
      blocks: [{ name: machine === 'microvm' ? 'microvm.ram' : 'pc.ram', length }],
      rounds: [[sent(last, 'plain', machine === 'microvm' ? 'microvm.ram' : 'pc.ram')]],
    });
    const frame = below === undefined ? last : last + (0x100000000 - below) / 4096;
    expect(dump.memory.ranges).toEqual([{ start: frame * 4096, end: (frame + 1) * 4096 }]);
    expect(found(dump)).toEqual(below === undefined ? [] : ['split']);
  });

  it('of nodes is put together in their order', () => {
    const nodes = [
      { name: '/objects/ram-node1', length: MIB },
      { name: '/objects/ram-node0', length: MIB },
    ];
    const pages = [sent(0, 'plain', '/objects/ram-node1', 1), sent(0, 'plain', '/objects/ram-node0', 2)];
    const dump = open({ machine: 'pc', blocks: nodes, rounds: [pages] });
    expect([dump.memory.page(0)?.bytes, dump.memory.page(256)?.bytes]).toEqual([page(2), page(1)]);
  });

  it('below 1 MiB shows the BIOS until it was copied into RAM, and no RAM behind a VGA', () => {
    const zeros = Array.from({ length: 16 }, (_, index) => sent(0xf0 + index, 'fill'));
    const vga = { name: '0000:00:02.0/vga.vram', length: 4096 };
    const aliased = open({ ...plain, blocks, rounds: [[...zeros, ...(rounds[0] ?? [])]] });
    expect(aliased.memory.page(0xff)?.bytes).toEqual(page(63));
    const copied = open({
      ...plain,
      blocks: [...blocks, vga],
      rounds: [[sent(0xff), sent(0xa0), sent(0xc0)]],
    });
    expect(copied.memory.page(0xff)?.bytes).toEqual(page(0xff));
    expect(copied.memory.hole(0xa0)).toEqual(code('PHYSICAL_HOLE'));
    expect(copied.memory.page(0xc0)?.bytes).toEqual(page(0xc0));
    expect(copied.findings).toMatchObject([
      { what: 'blocks', evidence: expect.stringContaining('vga.vram') },
    ]);
  });
});

/** Registers of a processor by every name that the section has. */
function allRegisters(word: 4 | 8): Record<string, bigint> {
  const registers: Record<string, bigint> = {};
  const put = (names: string, bits: number): void => {
    for (const name of names.split(' ')) {
      const count = BigInt(Object.keys(registers).length + 1);
      registers[name] = BigInt.asUintN(bits, 0x9e3779b97f4a7c15n * count);
    }
  };
  put('rax rbx rcx rdx rsi rdi rsp rbp rip sysenter_esp sysenter_eip cr2 cr3', word * 8);
  put('cs ds es fs gs ss ldtr tr', 16);
  put('cs_base ds_base es_base fs_base gs_base ss_base ldtr_base tr_base gdtr_base idtr_base', word * 8);
  put('cs_limit ds_limit es_limit fs_limit gs_limit ss_limit ldtr_limit tr_limit gdtr_limit idtr_limit', 32);
  put('cs_flags ds_flags es_flags fs_flags gs_flags ss_flags ldtr_flags tr_flags sysenter_cs', 32);
  if (word === 8) put('r8 r9 r10 r11 r12 r13 r14 r15 star lstar cstar fmask kernel_gs_base', 64);
  const control = { rflags: 0x246n, cr0: 0x80050033n, cr3: 0x1234000n, cr4: 0x6f0n };
  return { ...registers, ...control, ...(word === 8 ? { efer: 0xd01n } : {}) };
}

describe('registers', () => {
  it.each([8, 4] as const)('are read by the description, %d bytes wide', (word) => {
    const second = { ...allRegisters(word), rip: 7n };
    const devices = [cpuDevice(allRegisters(word), 1, word), cpuDevice(second, 0, word)];
    const dump = open({ ...plain, devices });
    expect(dump.findings).toEqual([]);
    expect(dump.machine).toBe(word === 8 ? 'x86_64' : 'i386');
    expect(dump.cpus).toEqual([
      { index: 0, registers: second },
      { index: 1, registers: allRegisters(word) },
    ]);
  });

  it('follow the description where fields were put in between', () => {
    const device = cpuDevice(allRegisters(8));
    const added = { name: 'env.fred_rsp0', size: 8, bytes: new Uint8Array(8).fill(9) };
    const devices = [{ ...device, version: 13, fields: [added, ...device.fields] }];
    expect(open({ ...plain, devices }).cpus).toEqual([{ index: 0, registers: allRegisters(8) }]);
  });

  it.each([
    ['footers', true, 8],
    ['footers', true, 4],
    ['nothing', false, 8],
    ['nothing', false, 4],
  ] as const)('are found without a description, with %s to go by', (_, footers, word) => {
    const expected = allRegisters(word);
    const devices = [cpuDevice(expected, 0, word), rtcDevice(16 * MIB, 0), cpuDevice(expected, 1, word)];
    const dump = open({ ...plain, devices, footers, vmdesc: false });
    expect(dump.findings).toMatchObject([{ what: 'sections', value: expect.stringContaining('3 sections') }]);
    for (const cpu of dump.cpus)
      expect(cpu.registers).toMatchObject(word === 8 ? expected : { cr3: 0x1234000n });
    expect(dump.cpus.map(({ index }) => index)).toEqual([0, 1]);
    const { lstar: _lstar, ...narrow } = expected;
    expect(dump.cpus[1]?.registers).toEqual(word === 8 ? expected : narrow);
  });

  it('that cannot be are not given', () => {
    const devices = [cpuDevice({ ...allRegisters(8), cr0: 0n, rflags: 0n })];
    const dump = open({ ...plain, devices, vmdesc: false });
    expect([dump.cpus, dump.machine, found(dump)]).toEqual([[], undefined, ['sections', 'cpu-section']]);
  });
});

describe('sections', () => {
  it('that nothing describes are passed over', () => {
    const foreign = [{ name: 'block', bytes: page(3).subarray(0, 3000) }];
    const dump = open({ ...plain, foreign, devices: [cpuDevice(allRegisters(8))] });
    expect(dump.findings).toMatchObject([{ what: 'sections', value: expect.stringContaining('block') }]);
    expect([dump.memory.page(2)?.bytes, dump.cpus.length]).toEqual([page(2), 1]);
  });

  it('are read as far as the file goes', () => {
    const bytes = writeQemuStream({ ...plain, rounds: [[sent(0), sent(1)]] });
    const dump = openDump(new BytesSource(bytes.subarray(0, 6000)));
    expect(found(dump)).toEqual(['truncated']);
    expect(dump.memory.page(0)?.bytes).toEqual(page(0));
    expect(dump.memory.hole(1)).toEqual(code('DUMP_TRUNCATED'));
  });

  it('are read up to the damage', () => {
    const bytes = writeQemuStream({ ...plain, rounds: [[sent(0)], [sent(1)]] });
    bytes.fill(0xee, lastName(bytes) - 8, lastName(bytes));
    const dump = openDump(new BytesSource(bytes));
    expect(found(dump)).toEqual(['damaged']);
    expect(dump.memory.page(0)?.bytes).toEqual(page(0));
    expect(dump.memory.hole(1)).toEqual(code('PAGE_DAMAGED'));
  });

  it('of other versions are refused', () => {
    const bytes = writeQemuStream(plain);
    bytes[7] = 2;
    expect(() => openDump(new BytesSource(bytes))).toThrow(code('DUMP_FORMAT_UNSUPPORTED'));
    expect(() => openDump(new BytesSource(bytes.subarray(0, 5)))).toThrow(code('DUMP_MALFORMED'));
  });
});
