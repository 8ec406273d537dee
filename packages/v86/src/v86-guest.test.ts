import { codeOf } from '@osi-linux/test-fixtures/expect';
import { FakeEmulator } from '@osi-linux/test-fixtures/v86-guest';
import { describe, expect, it } from 'vitest';
import { openV86 } from './v86-guest';

const MIB = 1024 * 1024;

describe('the memory', () => {
  it('is live, and stays so when the emulator takes another array for it', () => {
    const emulator = new FakeEmulator(2 * MIB);
    const { memory } = openV86(emulator);
    emulator.v86.cpu.mem8[0x5123] = 1;
    const page = memory.page(5);
    expect(page?.bytes).toHaveLength(4096);
    expect(page?.view.getUint8(0x123)).toBe(1);
    emulator.v86.cpu.mem8[0x5123] = 2;
    expect(page?.bytes[0x123]).toBe(2);
    emulator.v86.cpu.mem8 = new Uint8Array(new ArrayBuffer(2 * MIB + 64), 64, 2 * MIB).fill(3);
    expect(memory.page(5)?.bytes[0x123]).toBe(3);
    expect(memory.page(0x1ff)?.view.getUint8(4095)).toBe(3);
  });

  it('has holes where the graphics card is, and behind its end', () => {
    const { memory } = openV86(new FakeEmulator(2 * MIB));
    expect(memory.ranges).toEqual([
      { start: 0, end: 0xa0000 },
      { start: 0xc0000, end: 2 * MIB },
    ]);
    for (const frame of [0xa0, 0xbf, 0x200, 2 ** 40, -1, Number.NaN])
      expect(memory.page(frame)).toBeUndefined();
    for (const frame of [0, 0x9f, 0xc0, 0x1ff]) expect(memory.page(frame)).toBeDefined();
    expect(memory.hole(0xb8)).toMatchObject({
      code: 'PHYSICAL_HOLE',
      message: expect.stringContaining('graphics card'),
    });
    expect(memory.hole((4 * MIB) / 4096)).toMatchObject({
      code: 'PHYSICAL_HOLE',
      message: expect.stringContaining('RAM ends'),
    });
  });

  it('scans up to the first hole', () => {
    const emulator = new FakeEmulator(2 * MIB);
    emulator.v86.cpu.mem8.fill(9);
    const { memory } = openV86(emulator);
    const into = new Uint8Array(8192);
    expect(memory.scan(0x9f000, into)).toBe(4096);
    expect([into[4095], into[4096]]).toEqual([9, 0]);
    expect(memory.scan(0xb8000, into)).toBe(0);
    expect(memory.scan(2 * MIB - 16, into)).toBe(16);
    expect(memory.scan(2 * MIB, into)).toBe(0);
  });

  it('is not there behind the end of an array that has become shorter', () => {
    const emulator = new FakeEmulator(2 * MIB);
    const { memory } = openV86(emulator);
    emulator.v86.cpu.mem8 = new Uint8Array(0);
    expect(memory.page(5)).toBeUndefined();
    expect(memory.scan(0, new Uint8Array(16))).toBe(0);
  });
});

describe('the processor', () => {
  it('has its registers by the names of the processor interface, unsigned', () => {
    const emulator = new FakeEmulator(MIB);
    const { cpu } = emulator.v86;
    cpu.cr.set([-0x7ffafffd, 0, 0x1234, 0x4000, 0x690]);
    cpu.reg32.set([1, 2, 3, 4, -0x40000000]);
    cpu.sreg.set([123, 96, 104, 123, 216, 224]);
    cpu.segment_offsets.set([0, 0x100, 0, 0, -0x1000, 0x2000]);
    cpu.instruction_pointer[0] = -0x37e99efa;
    const registers = openV86(emulator).cpus[0]?.registers;
    expect(registers).toMatchObject({
      ...{ cr0: 0x80050003n, cr2: 0x1234n, cr3: 0x4000n, cr4: 0x690n },
      ...{ rax: 1n, rcx: 2n, rdx: 3n, rbx: 4n, rsp: 0xc0000000n, rflags: 0x202n },
      ...{ cs: 96n, cs_base: 0x100n, fs: 216n, fs_base: 0xfffff000n, gs_base: 0x2000n },
      ...{ rip: 0xc8166006n },
    });
    cpu.cr[3] = 0x5000;
    expect(openV86(emulator).cpus[0]?.registers['cr3']).toBe(0x5000n);
  });

  it('has no general registers inside of a time slice', () => {
    const emulator = new FakeEmulator(MIB);
    const [cpu] = openV86(emulator).cpus;
    emulator.v86.idle = false;
    expect(Object.keys(cpu?.registers ?? {})).toEqual(expect.arrayContaining(['cr3', 'cs', 'fs_base']));
    expect(cpu?.registers).not.toHaveProperty('rip');
    expect(cpu?.registers).not.toHaveProperty('rax');
    emulator.v86.idle = true;
    expect(cpu?.registers).toHaveProperty('rip');
  });
});

describe('what is no emulator', () => {
  it('is refused', () => {
    const running = { is_running: () => true };
    expect(codeOf(() => openV86(running))).toBe('V86_NOT_READY');
    expect(codeOf(() => openV86(new FakeEmulator(0)))).toBe('V86_NOT_READY');
    const nothing = { ...running, v86: {} };
    expect(codeOf(() => openV86(nothing))).toBe('V86_UNKNOWN');
  });

  it.each(['cr', 'reg32', 'sreg', 'segment_offsets', 'instruction_pointer', 'get_eflags'])(
    'where its %s is missing',
    (part) => {
      const emulator = new FakeEmulator(MIB);
      Object.assign(emulator.v86.cpu, { [part]: undefined });
      expect(codeOf(() => openV86(emulator))).toBe('V86_UNKNOWN');
    },
  );
});
