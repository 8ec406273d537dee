import { FakePhysicalMemory } from '@osi-linux/test-fixtures/fake-memory';
import { writeVmcoreinfoNote } from '@osi-linux/test-fixtures/kernel-image';
import { describe, expect, it } from 'vitest';
import { findVmcoreinfo, findVmcoreinfos } from '../survey/memory-survey';
import { parseVmcoreinfo, readVmcoreinfoNote } from './vmcoreinfo';

const TEXT = 'OSRELEASE=6.1.0\nSYMBOL(_stext)=ffffffff81000000\nNUMBER(phys_base)=-679477248\n';

function memoryWith(...notes: readonly (readonly [at: number, text: string])[]): FakePhysicalMemory {
  const memory = new FakePhysicalMemory();
  for (let frame = 0; frame < 64; frame += 1) memory.setPage(frame);
  for (const [at, text] of notes) memory.write(at, writeVmcoreinfoNote(text));
  return memory;
}

describe('parseVmcoreinfo', () => {
  it('reads values as the kernel writes them, and nothing else', () => {
    const note = parseVmcoreinfo(`${TEXT}no line\n=empty\nSYMBOL(x)=1g\nNUMBER(y)=0x10\n`);
    expect(note.address('SYMBOL(_stext)')).toBe(0xffffffff81000000n);
    expect(note.signed('NUMBER(phys_base)')).toBe(-679477248n);
    expect(note.text('OSRELEASE')).toBe('6.1.0');
    expect(note.address('SYMBOL(x)')).toBeUndefined();
    expect(note.signed('NUMBER(y)')).toBeUndefined();
  });
});

describe('findVmcoreinfo', () => {
  it('takes the longest of the notes that begin pages', () => {
    const memory = memoryWith(
      [0x3000, 'OSRELEASE=5.0\nx=1\n'],
      [0x11000, TEXT],
      [0x20004, `${TEXT}longer=1\n`],
    );
    expect(findVmcoreinfo(memory)).toEqual({ at: 0x11000, text: TEXT });
    expect(findVmcoreinfos(memory).map(({ at }) => at)).toEqual([0x11000, 0x3000]);
  });

  it('finds one anywhere where no page begins with one, across chunks too', () => {
    for (const at of [0x1004, 0xfff8, 0xfffc, 0x10000 - 24]) {
      expect(findVmcoreinfo(memoryWith([at, TEXT]))).toEqual({ at, text: TEXT });
    }
  });

  it('takes none that is not whole', () => {
    const lost = memoryWith([0x3ff0, `${TEXT}${'x'.repeat(3000)}\n`]);
    lost.removePage(4);
    expect(findVmcoreinfo(lost)).toBeUndefined();
    expect(findVmcoreinfo(memoryWith([0x3000, 'KEY=value that is no release\n']))).toBeUndefined();
    const huge = memoryWith([0x3000, TEXT]);
    huge.write(0x3004, Uint8Array.of(0, 0, 0, 0x7f));
    expect(findVmcoreinfo(huge)).toBeUndefined();
  });

  it('is read where it is known to be', () => {
    const memory = memoryWith([0x3004, TEXT]);
    expect(readVmcoreinfoNote(memory, 0x3004)?.text).toBe(TEXT);
    expect(readVmcoreinfoNote(memory, 0x3000)).toBeUndefined();
    expect(readVmcoreinfoNote(memory, 0x3fff0)).toBeUndefined();
    expect(readVmcoreinfoNote(memory, -4)).toBeUndefined();
  });
});
