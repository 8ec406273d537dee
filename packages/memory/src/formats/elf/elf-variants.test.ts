import { type CoreMapping, writeElfCore } from '@osi-linux/test-fixtures/dump-writers';
import { describe, expect, it } from 'vitest';
import { type ByteSource, BytesSource } from '../../sources/byte-source';
import { openDump } from '../formats';

const PAGES = 2048;
const bytes = Uint8Array.from({ length: PAGES * 4096 }, (_, index) => (index >> 12) * 3 + (index & 7));
const segment = { physical: 0x100000, bytes };

/** Mappings as a guest has them: user pages scattered and mapped by many, then the direct map. */
function mappings(count: number): CoreMapping[] {
  const scattered = Array.from({ length: count }, (_, index) => {
    const physical = segment.physical + ((index * 769) % PAGES) * 4096;
    return { virtual: BigInt(index) * 8192n, physical, length: 4096 };
  });
  return [...scattered, { virtual: 0xffff888000000000n, physical: segment.physical, length: bytes.length }];
}

describe("QEMU's cores with paging=true", () => {
  const core = writeElfCore({ machine: 'x86_64', segments: [segment], mappings: mappings(70_000) });

  it('name the same pages many times, by more headers than e_phnum can count', () => {
    expect(new DataView(core.buffer).getUint16(56, true)).toBe(0xffff);
    const { memory, findings } = openDump(new BytesSource(core));
    expect([memory.ranges, findings]).toEqual([[{ start: 0x100000, end: 0x100000 + bytes.length }], []]);
    for (const page of [0, 1, 777, PAGES - 1]) {
      const found = memory.page(0x100 + page)?.bytes ?? new Uint8Array(0);
      expect(Buffer.compare(found, bytes.subarray(page * 4096, page * 4096 + 4096))).toBe(0);
    }
  });

  it('that are cut off in the headers give the pages that the others name', () => {
    const { memory, findings } = openDump(new BytesSource(core.subarray(0, 192 + 56 * 1001)));
    expect(findings[0]).toMatchObject({ what: 'truncated', value: '69001 program headers are missing' });
    expect(memory.ranges).toEqual([]);
    expect(memory.hole(0x100).code).toBe('DUMP_TRUNCATED');
  });

  it('cost no more than a read for a thousand headers', () => {
    let reads = 0;
    const inner = new BytesSource(core);
    const source: ByteSource = {
      name: 'counted',
      size: core.length,
      read: (position, into) => {
        reads += 1;
        return inner.read(position, into);
      },
      close: () => inner.close(),
    };
    openDump(source);
    expect(reads).toBeLessThan(100);
  });
});

describe('other writers of cores', () => {
  it('ELFCLASS64 with e_machine 3 is a 32-bit guest', () => {
    const cpus = [{ rax: 7n, rip: 0xc1000000n, cr3: 0x2000n }];
    const dump = openDump(new BytesSource(writeElfCore({ machine: 'i386', segments: [segment], cpus })));
    expect([dump.machine, dump.cpus[0]?.registers['cr3']]).toEqual(['i386', 0x2000n]);
    expect(dump.memory.page(0x100)?.bytes[1]).toBe(1);
  });

  it("makedumpfile's erased symbols are no matter", () => {
    const notes = [{ name: 'ERASEINFO', type: 0, desc: new TextEncoder().encode('erase init_task') }];
    const core = writeElfCore({
      machine: 'x86_64',
      segments: [segment],
      vmcoreinfo: 'OSRELEASE=6.1\n',
      notes,
    });
    const dump = openDump(new BytesSource(core));
    expect([dump.vmcoreinfo, dump.findings]).toEqual(['OSRELEASE=6.1\n', []]);
  });

  it('a core of Xen is named, with what to do', () => {
    const names = new TextEncoder().encode('\0.note.Xen\0.xen_pages\0.shstrtab\0');
    const core = new Uint8Array(64 + 2 * 64 + names.length);
    core.set(writeElfCore({ machine: 'x86_64', layout: 'plain', segments: [] }).subarray(0, 64));
    const view = new DataView(core.buffer);
    view.setUint16(56, 0, true);
    view.setBigUint64(40, 64n, true);
    for (const [index, value] of [64, 2, 1].entries()) view.setUint16(58 + 2 * index, value, true);
    view.setBigUint64(64 + 64 + 24, 192n, true);
    view.setBigUint64(64 + 64 + 32, BigInt(names.length), true);
    core.set(names, 192);
    expect(() => openDump(new BytesSource(core))).toThrow(
      expect.objectContaining({
        code: 'DUMP_FORMAT_UNSUPPORTED',
        fields: { source: 'bytes in memory', format: 'a Xen core' },
      }),
    );
    expect(openDump(new BytesSource(core.subarray(0, 180))).memory.ranges).toEqual([]);
  });
});
