import type { LocatedKernel } from '@osi-linux/symbols';
import { FakePhysicalMemory } from '@osi-linux/test-fixtures/fake-memory';
import { writeVmcoreinfoNote } from '@osi-linux/test-fixtures/kernel-image';
import { describe, expect, it } from 'vitest';
import { IMAGE_REACH } from './image-page';
import { findVmcoreinfoInImage } from './note-in-image';

const TEXT_BASE = 0xffffffff81000000n;
const START = 0x1000000;
const noteText = (stext: bigint, log = 'ffffffff8147b5c8') =>
  `OSRELEASE=3.10.99\nPAGESIZE=4096\nSYMBOL(_stext)=${stext.toString(16)}\nSYMBOL(log_buf)=${log}\n`;

function find(places: Readonly<Record<number, Uint8Array>>, translated: number | undefined = START) {
  const memory = new FakePhysicalMemory();
  for (const [at, bytes] of Object.entries(places)) memory.write(Number(at), bytes);
  const tables = { translate: () => translated };
  const kernel = { location: { tables, textBase: TEXT_BASE } } as unknown as LocatedKernel;
  return findVmcoreinfoInImage(kernel, memory)?.text('SYMBOL(log_buf)');
}

const bytes = (text: string) => new TextEncoder().encode(`${text}\0`);

describe('VMCOREINFO in the image', () => {
  const note = writeVmcoreinfoNote(noteText(TEXT_BASE + 0x2a0n));
  it('is a note that does not begin a page', () => {
    expect(find({ [START + 0x595680]: note })).toBe('ffffffff8147b5c8');
  });

  it('is the text alone, as long as no crash has made a note of it', () => {
    expect(find({ [START + 0x595680]: bytes(noteText(TEXT_BASE)) })).toBe('ffffffff8147b5c8');
  });

  it('is the longest', () => {
    const short = bytes(`OSRELEASE=3\nSYMBOL(_stext)=${TEXT_BASE.toString(16)}\nSYMBOL(log_buf)=1\n`);
    expect(find({ [START + 0x1000]: short, [START + 0x2000]: note, [START + 0x3000]: short })).toBe(
      'ffffffff8147b5c8',
    );
  });

  it.each([
    ['of another image', { [START + 0x1000]: bytes(noteText(TEXT_BASE - 0x1000000n)) }],
    ['before the image', { [START - 0x1000]: note }],
    ['far behind the image', { [START + IMAGE_REACH + 0x1000]: note }],
    ['the format of the kernel', { [START + 0x1000]: bytes('OSRELEASE=%s\n') }],
  ])('is not a text %s', (_, places) => {
    expect(find(places)).toBeUndefined();
  });

  it('is not found behind the end of memory', () => {
    expect(find({ [START + 0x1000]: note }, 0x40000000)).toBeUndefined();
  });
});
