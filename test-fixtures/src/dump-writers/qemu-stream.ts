import { deflateSync } from 'node:zlib';
import { PAGE_SIZE } from '@osi-linux/core';
import { BigEndianWriter } from './big-endian-writer';

/** A block of RAM in the stream's list. */
export interface StreamBlock {
  readonly name: string;
  readonly length: number;
}

/** One page as it is sent. */
export interface StreamPage {
  readonly block: string;
  /** Number of the page in its block. */
  readonly page: number;
  /** 4096 bytes; those of `fill` are identified by the first one. */
  readonly bytes: Uint8Array;
  /** `plain` unless given. */
  readonly as?: 'plain' | 'fill' | 'zlib' | 'xbzrle';
}

/** A field of a device, with its bytes as they are in the stream. */
export interface StreamField {
  readonly name: string;
  /** Bytes of one element; the count follows from them. */
  readonly size: number;
  readonly bytes: Uint8Array;
  /** Names and sizes of the fields of one element, in their order. */
  readonly members?: readonly (readonly [name: string, size: number])[];
}

/** The state of a device. */
export interface StreamDevice {
  readonly name: string;
  readonly instance?: number;
  readonly version: number;
  readonly fields: readonly StreamField[];
  readonly subsections?: readonly { readonly name: string; readonly fields: readonly StreamField[] }[];
}

/** The contents of a stream. */
export interface QemuStreamContent {
  /** Name of the machine; without one there is no configuration, as before QEMU 2.4. */
  readonly machine?: string;
  /** Capabilities that the stream names: `x-ignore-shared`, `mapped-ram`. */
  readonly capabilities?: readonly string[];
  /** Size of the pages of each block, in the order of the blocks, if postcopy announces it. */
  readonly hugePages?: readonly (number | undefined)[];
  readonly blocks: readonly StreamBlock[];
  /** The pages of each round; a section each. With `mapped-ram` all of them go to their places. */
  readonly rounds: readonly (readonly StreamPage[])[];
  readonly devices?: readonly StreamDevice[];
  /** Sections before RAM, of a kind that nothing describes. */
  readonly foreign?: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** 4 unless given; 3 has no block names. */
  readonly ramVersion?: 3 | 4;
  /** Whether sections end with a footer; true unless given. */
  readonly footers?: boolean;
  /** Whether the description of the devices follows; true unless given. */
  readonly vmdesc?: boolean;
  /** The alignment of the places of mapped pages; 1 MiB unless given, as in QEMU. */
  readonly mappedAlignment?: number;
}

const SECTION = {
  eof: 0,
  start: 1,
  part: 2,
  end: 3,
  full: 4,
  subsection: 5,
  vmdesc: 6,
  configuration: 7,
  command: 8,
};
const FLAG = { zero: 2, memSize: 4, page: 8, eos: 0x10, continue: 0x20, xbzrle: 0x40, compressPage: 0x100 };
const RAM_ID = 2;
const MAPPED_ALIGNMENT = 1024 * 1024;

/** Writes a migration stream, by QEMU docs/devel/migration/main.rst and mapped-ram.rst. */
export function writeQemuStream(content: QemuStreamContent): Uint8Array {
  const out = new BigEndianWriter();
  out.text('QEVM').u32(3);
  writeConfiguration(out, content);
  let id = 10;
  for (const { name, bytes } of content.foreign ?? []) {
    writeHeader(out, SECTION.start, id, { name, instance: 0, version: 1 });
    out.bytes(bytes);
    writeFooter(out, id, content);
    id += 1;
  }
  writeRam(out, content);
  for (const device of content.devices ?? []) {
    writeHeader(out, SECTION.full, id, { instance: 0, ...device });
    writeDevice(out, device);
    writeFooter(out, id, content);
    id += 1;
  }
  out.u8(SECTION.eof);
  if (content.vmdesc !== false) {
    const text = JSON.stringify({ page_size: PAGE_SIZE, devices: (content.devices ?? []).map(describe) });
    out.u8(SECTION.vmdesc).u32(text.length).text(text);
  }
  return out.finish();
}

function writeConfiguration(
  out: BigEndianWriter,
  { machine, capabilities, hugePages }: QemuStreamContent,
): void {
  if (machine !== undefined) {
    out.u8(SECTION.configuration).u32(machine.length).text(machine);
    if (capabilities !== undefined) {
      out.u8(SECTION.subsection).shortText('configuration/capabilities').u32(1).u32(capabilities.length);
      for (const name of capabilities) out.shortText(name);
    }
  }
  // POSTCOPY_ADVISE: the sizes of all pages or-ed, and the target's.
  if (hugePages !== undefined) {
    const sizes = hugePages.reduce<number>((all, size) => all + (size ?? 0), PAGE_SIZE);
    out.u8(SECTION.command).u16(3).u16(16).u64(sizes).u64(PAGE_SIZE);
  }
}

function writeHeader(
  out: BigEndianWriter,
  kind: number,
  id: number,
  header: { name: string; instance: number; version: number },
): void {
  out.u8(kind).u32(id).shortText(header.name).u32(header.instance).u32(header.version);
}

function writeFooter(out: BigEndianWriter, id: number, { footers = true }: QemuStreamContent): void {
  if (footers) out.u8(0x7e).u32(id);
}

function writeRam(out: BigEndianWriter, content: QemuStreamContent): void {
  const { blocks, rounds, ramVersion = 4 } = content;
  const mapped = content.capabilities?.includes('mapped-ram') ?? false;
  writeHeader(out, SECTION.start, RAM_ID, { name: 'ram', instance: 0, version: ramVersion });
  out.u64(blocks.reduce((sum, { length }) => sum + length, 0) + FLAG.memSize);
  for (const [index, block] of blocks.entries()) {
    if (ramVersion === 3) break;
    out.shortText(block.name).u64(block.length);
    const pageSize = content.hugePages?.[index];
    if (pageSize !== undefined) out.u64(pageSize);
    if (content.capabilities?.includes('x-ignore-shared')) out.u64(index * PAGE_SIZE);
    if (mapped) writeMappedBlock(out, block, content);
  }
  out.u64(FLAG.eos);
  writeFooter(out, RAM_ID, content);
  for (const [index, round] of rounds.entries()) {
    out.u8(index === rounds.length - 1 ? SECTION.end : SECTION.part).u32(RAM_ID);
    if (!mapped) writePages(out, round, ramVersion);
    out.u64(FLAG.eos);
    writeFooter(out, RAM_ID, content);
  }
}

function writePages(out: BigEndianWriter, pages: readonly StreamPage[], version: 3 | 4): void {
  let current: string | undefined;
  for (const { block, page, bytes, as = 'plain' } of pages) {
    const again = version === 3 || block === current;
    const flag = { plain: FLAG.page, fill: FLAG.zero, zlib: FLAG.compressPage, xbzrle: FLAG.xbzrle }[as];
    out.u64(page * PAGE_SIZE + flag + (again ? FLAG.continue : 0));
    if (!again) out.shortText(block);
    current = block;
    if (as === 'plain') out.bytes(bytes);
    if (as === 'fill') out.u8(bytes[0] ?? 0);
    // One run without change and one with 2 new bytes: XBZRLE's own encoding.
    if (as === 'xbzrle')
      out
        .u8(1)
        .u16(4)
        .bytes(Uint8Array.of(0, 2, 1, 2));
    if (as === 'zlib') {
      const packed = deflateSync(bytes);
      out.u32(packed.length).bytes(packed);
    }
  }
}

/** The header, the bitmap behind it, and the pages from the next mebibyte on; zero pages are left out. */
function writeMappedBlock(out: BigEndianWriter, block: StreamBlock, content: QemuStreamContent): void {
  const alignment = content.mappedAlignment ?? MAPPED_ALIGNMENT;
  const bitmap = new Uint8Array(Math.ceil(block.length / PAGE_SIZE / 64) * 8);
  const bitmapAt = out.length + 28;
  const pagesAt = Math.ceil((bitmapAt + bitmap.length) / alignment) * alignment;
  const own = content.rounds
    .flat()
    .filter((page) => page.block === block.name && page.bytes.some((byte) => byte !== 0));
  for (const { page } of own) bitmap[page >> 3] = (bitmap[page >> 3] ?? 0) | (1 << (page & 7));
  out.u32(1).u64(PAGE_SIZE).u64(bitmapAt).u64(pagesAt).bytes(bitmap);
  const body = new Uint8Array(block.length);
  for (const { page, bytes } of own) body.set(bytes, page * PAGE_SIZE);
  out.bytes(new Uint8Array(pagesAt - out.length)).bytes(body);
}

function writeDevice(out: BigEndianWriter, { fields, subsections = [] }: StreamDevice): void {
  for (const { bytes } of fields) out.bytes(bytes);
  for (const subsection of subsections) {
    out.u8(SECTION.subsection).shortText(subsection.name).u32(1);
    for (const { bytes } of subsection.fields) out.bytes(bytes);
  }
}

function describe({ name, instance = 0, version, fields, subsections = [] }: StreamDevice): unknown {
  return {
    name,
    instance_id: instance,
    vmsd_name: name,
    version,
    fields: fields.map(describeField),
    subsections: subsections.map((subsection) => {
      return { vmsd_name: subsection.name, version: 1, fields: subsection.fields.map(describeField) };
    }),
  };
}

function describeField({ name, size, bytes, members }: StreamField): unknown {
  const count = bytes.length / size;
  const array = count === 1 ? {} : { array_len: count };
  if (members === undefined) return { name, ...array, type: `uint${size * 8}`, size };
  const fields = members.map(([member, memberSize]) => {
    return { name: member, type: `uint${memberSize * 8}`, size: memberSize };
  });
  return { name, ...array, type: 'struct', struct: { vmsd_name: name, version: 1, fields }, size };
}
