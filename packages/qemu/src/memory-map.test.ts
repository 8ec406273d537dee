import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMemoryTree } from './memory-map';

// The output of QEMU 7.2 for -M pc -m 256, shortened.
const TREE = `FlatView #0
 AS "I/O", root: io
 Root memory region: io
  0000000000000000-0000000000000007 (prio 0, i/o): dma-chan

FlatView #1
 AS "memory", root: system
 AS "cpu-memory-0", root: system
 Root memory region: system
  0000000000000000-00000000000c2fff (prio 0, ram): pc.ram
  00000000000c3000-00000000000e7fff (prio 0, rom): pc.ram @00000000000c3000
  0000000000100000-000000000fffffff (prio 0, ram): pc.ram @0000000000100000 KVM
  00000000febf8000-00000000febf8fff (prio 0, i/o): virtio-pci-common-virtio-blk
  00000000fffc0000-00000000ffffffff (prio 0, rom): pc.bios
  0000000100000000-000000013fffffff (prio 0, ram): /objects/mem 0 @0000000010000000

FlatView #2
 AS "cpu-smm-1", root: memory
 Root memory region: memory
  0000000000000000-000000000000ffff (prio 0, ram): other
`;

describe('parseMemoryTree', () => {
  it('takes RAM and ROM of the address space of the processors', () => {
    expect(parseMemoryTree(TREE.replaceAll('\n', '\r\n'))).toEqual([
      { start: 0, end: 0xc3000, block: 'pc.ram', offset: 0 },
      { start: 0xc3000, end: 0xe8000, block: 'pc.ram', offset: 0xc3000 },
      { start: 0x100000, end: 0x10000000, block: 'pc.ram', offset: 0x100000 },
      { start: 0xfffc0000, end: 0x100000000, block: 'pc.bios', offset: 0 },
      { start: 0x100000000, end: 0x140000000, block: '/objects/mem 0', offset: 0x10000000 },
    ]);
  });

  it('finds none in any other text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseMemoryTree(text)).toEqual([]);
      }),
    );
  });

  it('leaves out what cannot be: backwards, overlapping, beyond 52 bits', () => {
    const lines = [
      '  0000000000002000-0000000000001fff (prio 0, ram): a',
      '  0000000000002000-0000000000003fff (prio 0, ram): b',
      '  0000000000003000-0000000000004fff (prio 0, ram): c',
      '  0000000000005000-ffffffffffffffff (prio 0, ram): d',
    ];
    const found = parseMemoryTree(['FlatView #0', ' AS "memory", root: system', ...lines].join('\n'));
    expect(found.map(({ block }) => block)).toEqual(['b']);
  });
});
