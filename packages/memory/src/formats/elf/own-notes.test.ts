import type { X86Register } from '@osi-linux/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../dump';
import { contentNotes } from '../../write/content-notes';
import { cpusOfNotes } from './cpu-notes';
import { parseNotes } from './elf-notes';
import { formatRegisters, NOTE_PROFILE, NOTE_REGISTERS, OWN_NOTE, readOwnNotes } from './own-notes';

const text = new TextEncoder();
const note = (type: number, desc: Uint8Array) => ({ name: OWN_NOTE, type, desc });

const name = fc.constantFrom<X86Register>('rax', 'r15', 'rip', 'cs', 'fs_base', 'gdtr_limit', 'cr3', 'efer');
const registers = fc.dictionary(name, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { noNullPrototype: true });
const cpus = fc.uniqueArray(fc.record({ index: fc.integer({ min: 0, max: 4095 }), registers }), {
  selector: ({ index }) => index,
});

describe('the registers of our own note', () => {
  it('≡ those that were written', () => {
    fc.assert(
      fc.property(cpus, (written) => {
        const read = readOwnNotes([note(NOTE_REGISTERS, text.encode(formatRegisters(written)))], []);
        expect(read.cpus).toEqual(written);
      }),
    );
  });

  it('are those of lines that can be read, and the others are told', () => {
    const findings: Finding[] = [];
    const desc = text.encode('0 cr3 0x1000\nrubbish\n0 cr4 16\n0 cr33 0x1\n1\n');
    const read = readOwnNotes([note(NOTE_REGISTERS, desc)], findings);
    expect(read.cpus).toEqual([
      { index: 0, registers: { cr3: 0x1000n } },
      { index: 1, registers: {} },
    ]);
    expect(findings).toMatchObject([{ what: 'cpu-note', evidence: expect.stringContaining('3 lines') }]);
  });
});

describe('our own notes', () => {
  it('are read out of any bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(NOTE_PROFILE, NOTE_REGISTERS, 9),
        (desc, type) => {
          expect(() => readOwnNotes([note(type, desc)], [])).not.toThrow();
        },
      ),
    );
  });

  it('are not read where they are too long for a profile', () => {
    const findings: Finding[] = [];
    expect(readOwnNotes([note(NOTE_PROFILE, new Uint8Array(2 ** 21))], findings)).toEqual({});
    expect(findings.map(({ what }) => what)).toEqual(['profile']);
  });

  it('are not those of others', () => {
    expect(readOwnNotes([{ name: 'CORE', type: NOTE_PROFILE, desc: text.encode('[a]') }], [])).toEqual({});
  });
});

describe('the notes for other programs', () => {
  const GENERAL = ['rax', 'rbx', 'rip', 'rsp', 'rflags', 'r15', 'cr0', 'cr2', 'cr3', 'cr4', 'kernel_gs_base'];
  const SEGMENTS = ['cs', 'gs', 'tr', 'gdtr', 'idtr'].map((segment) => `${segment}_base`);
  const whole = Object.fromEntries([...GENERAL, ...SEGMENTS].map((key, at) => [key, BigInt(at + 1)]));
  const notesOf = (machine: 'x86_64' | 'i386', ...given: Record<string, bigint>[]) =>
    parseNotes(
      contentNotes({ cpus: given.map((each, index) => ({ index, registers: each })), machine } as never),
    ).notes;

  it.each(['x86_64', 'i386'] as const)('have the registers of %s', (machine) => {
    const notes = notesOf(machine, whole, { ...whole, cr3: 77n });
    const others = notes.filter(({ name: owner }) => owner !== OWN_NOTE);
    expect(others.map(({ name: owner }) => owner)).toEqual(['CORE', 'CORE', 'QEMU', 'QEMU']);
    const read = cpusOfNotes(others, []);
    expect(read.map(({ registers: found }) => found['cr3'])).toEqual([whole['cr3'], 77n]);
    expect(read[0]?.registers).toMatchObject(whole);
    const status = cpusOfNotes(others.slice(0, 2), [])[0]?.registers;
    expect(status).toMatchObject({ rax: whole['rax'], rip: whole['rip'], rsp: whole['rsp'] });
  });

  it('are left out where they would tell zeros for what is not known', () => {
    const { gs_base: _, ...without } = whole;
    const owners = (...given: Record<string, bigint>[]) =>
      notesOf('x86_64', ...given).map(({ name: owner }) => owner);
    expect(owners(without)).toEqual(['CORE', OWN_NOTE]);
    expect(owners({ cr3: 1n }, whole)).toEqual([OWN_NOTE]);
    expect(owners()).toEqual([]);
  });
});
