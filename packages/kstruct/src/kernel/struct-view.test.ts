import { FakeVirtualMemory } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import { StructView } from './struct-view';

const START = 0xffff888000001ff0n;
const PAGE = 0x1000n;

/** Three pages of a structure that starts 16 bytes before a page ends, each with a number of its own. */
function spread(): StructView {
  const memory = new FakeVirtualMemory();
  memory.writeWord(START - PAGE, 11n);
  memory.writeWord(START, 22n);
  memory.writeWord(START + PAGE, 33n);
  return new StructView(memory, START);
}

describe('StructView', () => {
  it('reads before and behind its first page, in any order', () => {
    const view = spread();
    const offsets = [0, 0x1000, 0, -0x1000, 0x1000, -0x1000, 0];
    expect(offsets.map((offset) => view.u64(offset))).toEqual([22n, 33n, 22n, 11n, 33n, 11n, 22n]);
  });

  it('reads what lies on two pages', () => {
    const { memory } = spread();
    (memory as FakeVirtualMemory).writeWord(START + 8n, 0x1122334455667788n);
    (memory as FakeVirtualMemory).writeWord(START + 16n, 0x99n);
    const view = new StructView(memory, START);
    expect(view.u64(12)).toBe(0x9911223344n);
    expect(view.u32(14)).toBe(0x991122);
  });

  it('goes on after a page that is missing, and says the same again', () => {
    const view = spread();
    expect(() => view.u32(0x2000)).toThrow(/virtual 0xffff888000003ff0/);
    expect(view.u64(0)).toBe(22n);
    expect(() => view.u32(0x2000)).toThrow(/virtual 0xffff888000003ff0/);
  });

  it('reads a text within a page, over two, and as long as its field', () => {
    const { memory } = spread();
    (memory as FakeVirtualMemory).writeText(START + 10n, 'kworker/0:1');
    const view = new StructView(memory, START);
    expect(view.text(10, 16)).toBe('kworker/0:1');
    expect(view.text(10, 3)).toBe('kwo');
    expect(view.text(16, 16)).toBe('r/0:1');
  });
});
