import { virtualBoxNotes, writeElfCore } from '@osi-linux/test-fixtures/dump-writers';
import { describe, expect, it } from 'vitest';
import { BytesSource } from '../../sources/byte-source';
import { openDump } from '../formats';

const segments = [{ physical: 0, bytes: new Uint8Array(8192).fill(1) }];

/** Every register that the note has, each with another value. */
function registersOf(seed: number): Record<string, bigint> {
  const registers: Record<string, bigint> = {};
  let next = BigInt(seed);
  const put = (names: string, bits: number): void => {
    for (const name of names.split(' ')) {
      next += 0x9e3779b97f4a7c15n;
      registers[name] = BigInt.asUintN(bits, next);
    }
  };
  put('rax rbx rcx rdx rsi rdi r8 r9 r10 r11 r12 r13 r14 r15 rip rsp rbp rflags cr0 cr2 cr3 cr4', 64);
  put('sysenter_cs sysenter_eip sysenter_esp efer star lstar cstar fmask kernel_gs_base', 64);
  for (const name of 'cs ds es fs gs ss ldtr tr'.split(' ')) put(name, 16);
  for (const name of 'cs ds es fs gs ss ldtr tr gdtr idtr'.split(' ')) {
    put(`${name}_base`, 64);
    put(`${name}_limit`, 32);
  }
  return registers;
}

describe('cores of VirtualBox', () => {
  it('have the registers of each processor', () => {
    const cpus = [registersOf(1), registersOf(2)];
    const bytes = writeElfCore({
      machine: 'x86_64',
      layout: 'plain',
      segments,
      notes: virtualBoxNotes(cpus),
    });
    const dump = openDump(new BytesSource(bytes));
    expect(dump.findings).toEqual([]);
    expect(dump.cpus).toEqual(cpus.map((registers, index) => ({ index, registers })));
  });

  it('of versions with another layout are read without registers', () => {
    const notes = virtualBoxNotes([registersOf(1)], 0x10000);
    const dump = openDump(new BytesSource(writeElfCore({ machine: 'x86_64', segments, notes })));
    expect(dump.cpus).toEqual([]);
    expect(dump.findings).toMatchObject([
      { what: 'cpu-note', evidence: expect.stringContaining('0x10000,') },
    ]);
    expect(dump.memory.page(1)?.bytes[0]).toBe(1);
  });

  it('whose notes are too short say so', () => {
    const notes = virtualBoxNotes([registersOf(1)]).map((note) => ({
      ...note,
      desc: note.desc.subarray(0, 200),
    }));
    const dump = openDump(new BytesSource(writeElfCore({ machine: 'x86_64', segments, notes })));
    expect([dump.cpus, dump.findings.map((finding) => finding.what)]).toEqual([[], ['cpu-note']]);
  });
});
