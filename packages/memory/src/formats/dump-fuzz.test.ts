import { type FuzzSubject, fuzzDump, truncateDump } from '@osi-linux/test-fixtures/dump-fuzz';
import {
  type CoreRegisters,
  cpuDevice,
  flatChunks,
  joinNotes,
  type KdumpContent,
  lzoBlock,
  type QemuStreamContent,
  rtcDevice,
  snappyBlock,
  virtualBoxNotes,
  writeAvml,
  writeElfCore,
  writeFlattened,
  writeKdump,
  writeLime,
  writeQemuStream,
  writeTar,
  writeVmwareState,
  zstdFrame,
} from '@osi-linux/test-fixtures/dump-writers';
import { describe, expect, it } from 'vitest';
import { openDump } from './formats';

/** Pages that can be compressed in part. */
function pages(count: number, seed: number): Uint8Array {
  return Uint8Array.from(
    { length: count * 4096 },
    (_, index) => (index % 8 === 0 ? index >> 6 : seed) & 0xff,
  );
}

const segments = [
  { physical: 0, bytes: pages(2, 1) },
  { physical: 0x100000, bytes: pages(1, 2), memorySize: 0x3000 },
  { physical: 0x100000000, bytes: pages(1, 3) },
];
const cpus: CoreRegisters[] = [{ rax: 1n, cr3: 0x1000n, kernel_gs_base: 2n }, { rip: 0xffffffff81000000n }];
const vmcoreinfo = 'OSRELEASE=6.1.0\nPAGESIZE=4096\n';
const mappings = Array.from({ length: 40 }, (_, index) => {
  return { virtual: BigInt(index) * 4096n, physical: (index % 2) * 4096, length: 4096 };
});
const regions = [
  [0, 0, 2],
  [2, 0x100000, 2],
] as const;

const stream: QemuStreamContent = {
  machine: 'pc-i440fx-7.2',
  blocks: [
    { name: 'pc.ram', length: 0x8000 },
    { name: 'pc.bios', length: 0x1000 },
  ],
  rounds: [
    [
      { block: 'pc.ram', page: 0, bytes: pages(1, 7) },
      { block: 'pc.ram', page: 1, bytes: pages(1, 8), as: 'zlib' },
      { block: 'pc.bios', page: 0, bytes: pages(1, 9), as: 'fill' },
    ],
    [{ block: 'pc.ram', page: 7, bytes: pages(1, 8), as: 'xbzrle' }],
  ],
  devices: [cpuDevice(cpus[0] ?? {}), rtcDevice(0x1000000, 0)],
};

const kdump: KdumpContent = {
  pages: new Map([0, 1, 5, 9, 300].map((frame) => [frame, pages(1, frame)])),
  excluded: [2, 3],
  dumpLevel: 31,
  vmcoreinfo,
  notes: joinNotes({ machine: 'x86_64', cpus, vmcoreinfo }),
};
// Header, status, sub-header, bitmaps, descriptors, pages.
const kdumpBoundaries = [8, 402, 424, 464, 4096, 4200, 8192, 12_288, 16_384, 16_504];

/** One line for each kind of file that is read; the dumps are small, for each is copied for every input. */
const subjects: readonly FuzzSubject[] = [
  { format: 'elf', write: () => writeElfCore({ machine: 'x86_64', segments, cpus, vmcoreinfo }) },
  {
    format: 'elf 32',
    write: () => writeElfCore({ machine: 'i386', elfClass: 32, segments: segments.slice(0, 2), cpus }),
  },
  { format: 'elf paging', write: () => writeElfCore({ machine: 'x86_64', segments, mappings, cpus }) },
  {
    format: 'elf virtualbox',
    write: () => writeElfCore({ machine: 'x86_64', layout: 'plain', segments, notes: virtualBoxNotes(cpus) }),
  },
  {
    format: 'kdump lzo',
    boundaries: kdumpBoundaries,
    write: () => writeKdump({ ...kdump, compression: { flag: 2, compress: lzoBlock } }),
  },
  {
    format: 'kdump snappy 32',
    boundaries: kdumpBoundaries,
    write: () =>
      writeKdump({ ...kdump, machine: 'i686', wordSize: 4, compression: { flag: 4, compress: snappyBlock } }),
  },
  {
    format: 'kdump zstd part',
    boundaries: kdumpBoundaries,
    write: () =>
      writeKdump({
        ...kdump,
        version: 5,
        split: { start: 1, end: 200 },
        compression: { flag: 0x20, compress: zstdFrame },
      }),
  },
  {
    format: 'kdump flattened',
    boundaries: [16, 32, 4096, 4112],
    write: () => writeFlattened(flatChunks(writeKdump({ ...kdump, dumpLevel: 1 }), 3000)),
  },
  { format: 'raw', write: () => pages(17, 4) },
  {
    format: 'lime',
    write: () => writeLime(segments),
    boundaries: [32, 32 + 8192, 64 + 8192, 64 + 12288, 96 + 12288],
  },
  { format: 'avml', write: () => writeAvml(segments) },
  {
    format: 'avml stored',
    write: () => writeAvml(segments, { compress: 'no', checksums: false, padding: 5 }),
  },
  {
    format: 'vmware',
    name: 'guest.vmss',
    write: () => writeVmwareState({ regions, cpus, registers: 'blocks' }),
    beside: { 'guest.vmem': pages(4, 5) },
  },
  { format: 'vmware with memory', write: () => writeVmwareState({ regions, cpus, memory: pages(4, 6) }) },
  { format: 'qemu-stream', write: () => writeQemuStream(stream) },
  { format: 'qemu-stream old', write: () => writeQemuStream({ ...stream, vmdesc: false, footers: false }) },
  {
    format: 'qemu-stream mapped',
    write: () => writeQemuStream({ ...stream, capabilities: ['mapped-ram'], mappedAlignment: 512 }),
  },
  {
    format: 'qemu-stream in tar',
    write: () =>
      writeTar([{ name: 'snapshot', bytes: writeQemuStream({ ...stream, vmdesc: false }) }], 'pax'),
  },
];

// For all formats together; `.ci/run` asks for more.
const RUNS = Number(process.env['OSI_LINUX_DUMP_FUZZ_RUNS'] ?? 4000);
const SEED = Number(process.env['OSI_LINUX_DUMP_FUZZ_SEED'] ?? 1);
const each = Math.ceil(RUNS / subjects.length);
const MILLISECONDS = 60_000 + RUNS * 5;

describe.each(subjects)('a damaged dump of the format $format', (subject) => {
  it(
    'gives pages or an OsiError, without reading on and on',
    () => {
      const tally = fuzzDump(subject, openDump, each, SEED);
      expect(tally.inputs).toBe(each + 1);
      // That most are refused, or none, would mean that little was tried.
      expect(tally.opened).toBeGreaterThan(each / 20);
      expect(tally.opened).toBeLessThan(tally.inputs);
    },
    MILLISECONDS,
  );

  it('that is cut off gives pages or an OsiError', () => {
    const tally = truncateDump(subject, openDump);
    expect(tally.inputs).toBeGreaterThan(60);
    expect(tally.refused.size).toBeGreaterThan(0);
  });
});
