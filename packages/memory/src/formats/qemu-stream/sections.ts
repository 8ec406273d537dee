import { OsiError } from '@osi-linux/core';
import type { Finding } from '../../dump';
import { readAt } from '../../sources/read-at';
import type { RamBlock } from './ram-block';
import { RamSections } from './ram-section';
import type { StreamReader } from './stream-reader';
import { type DeviceDescription, findVmdesc } from './vmdesc';

// QEMU migration/savevm.h: the byte that each part of a stream begins with.
const EOF = 0;
const START = 1;
const PART = 2;
const END = 3;
const FULL = 4;
const SUBSECTION = 5;
const VMDESC = 6;
const CONFIGURATION = 7;
const COMMAND = 8;
const FOOTER = 0x7e;

const POSTCOPY_ADVISE = 3;
const MOST_MACHINE_NAME = 255;
const MOST_CAPABILITIES = 64;
const MOST_SECTIONS = 65536;
const MOST_NAMES = 8;
const OVERLAP = 512;

/** The state of a device in the stream. */
export interface DeviceSection {
  readonly name: string;
  readonly instance: number;
  readonly version: number;
  /** File position and length of its bytes. */
  readonly position: number;
  readonly length: number;
  /** The description of it in the stream itself. */
  readonly description: DeviceDescription | undefined;
}

/** A header of a section. */
interface SectionHeader {
  readonly name: string;
  readonly instance: number;
  readonly version: number;
}

/** Where and why reading stopped before the end. */
export interface StreamEnd {
  readonly code: 'DUMP_TRUNCATED' | 'DUMP_MALFORMED';
  readonly text: string;
}

/** Walks the sections of a stream behind its magic and version (QEMU migration/savevm.c, qemu_loadvm_state). */
export class StreamSections {
  machine: string | undefined;
  ram: RamSections | undefined;
  /** Whether the section with the last pages was read to its end. */
  ramComplete = false;
  readonly devices: DeviceSection[] = [];
  readonly findings: Finding[] = [];
  end: StreamEnd | undefined;
  private readonly reader: StreamReader;
  private readonly wanted: (blocks: readonly RamBlock[]) => readonly RamBlock[];
  private readonly capabilities: string[] = [];
  private hugePages = false;
  private readonly open = new Map<number, SectionHeader>();
  /** Whether sections end with a footer (QEMU 2.3 and later, unless its machine type is older). */
  private footers: boolean | undefined;
  private descriptions: Map<string, DeviceDescription> | undefined;
  private readonly searched: string[] = [];
  private searches = 0;

  constructor(reader: StreamReader, wanted: (blocks: readonly RamBlock[]) => readonly RamBlock[]) {
    this.reader = reader;
    this.wanted = wanted;
  }

  /** Reads until the end of the stream, or as far as it can be understood. */
  walk(): void {
    try {
      while (this.step()) if (this.devices.length > MOST_SECTIONS) throw this.damaged('too many sections');
    } catch (error) {
      if (!OsiError.is(error)) throw error;
      if (error.code !== 'DUMP_TRUNCATED' && error.code !== 'DUMP_MALFORMED') throw error;
      this.end = { code: error.code, text: error.message };
    }
    if (this.searches > 0) {
      this.findings.push({
        what: 'sections',
        value: `the ends of ${this.searches} sections were searched for: ${this.searched.join(', ')}`,
        evidence: 'the stream does not describe them',
      });
    }
  }

  /** Reads one part; false at the end. */
  private step(): boolean {
    const kind = this.reader.u8();
    if (kind === EOF || kind === VMDESC) return false;
    if (kind === CONFIGURATION) this.readConfiguration();
    else if (kind === COMMAND) this.readCommand();
    else if (kind === START || kind === FULL) this.readSection(this.reader.u32(), kind);
    else if (kind === PART || kind === END) this.readPart(this.reader.u32(), kind);
    else throw this.damaged(`a part of the unknown kind ${kind}`);
    return true;
  }

  private readConfiguration(): void {
    const { reader } = this;
    const length = reader.u32();
    if (length > MOST_MACHINE_NAME) throw this.damaged(`a machine name of ${length} bytes`);
    this.machine = reader.text(length);
    while (reader.peek(1)[0] === SUBSECTION) {
      reader.skip(1);
      const name = reader.text(reader.u8());
      reader.skip(4);
      if (name === 'configuration/capabilities') this.readCapabilities();
      else if (name === 'configuration/target-page-bits') reader.skip(4);
      else if (name === 'configuration/uuid') reader.skip(16);
      else throw this.damaged(`the unknown subsection ${name}`);
    }
  }

  private readCapabilities(): void {
    const count = this.reader.u32();
    if (this.capabilities.length + count > MOST_CAPABILITIES) throw this.damaged(`${count} capabilities`);
    for (let index = 0; index < count; index += 1) {
      this.capabilities.push(this.reader.text(this.reader.u8()));
    }
  }

  /** A command has a length; a packaged one holds sections again, which are read like the others. */
  private readCommand(): void {
    const command = this.reader.u16();
    const length = this.reader.u16();
    const { position } = this.reader;
    // Or-ed sizes of the pages of all blocks.
    if (command === POSTCOPY_ADVISE && length >= 8) this.hugePages = this.reader.u64() > 4096;
    this.reader.position = position;
    this.reader.skip(length);
  }

  private readSection(id: number, kind: number): void {
    const { reader } = this;
    const header = { name: reader.text(reader.u8()), instance: reader.u32(), version: reader.u32() };
    if (this.open.size < MOST_SECTIONS) this.open.set(id, header);
    if (header.name === 'ram') this.readRam(header, id, kind);
    else this.passDevice(header, id, kind === FULL);
  }

  private readPart(id: number, kind: number): void {
    const header = this.open.get(id);
    if (header === undefined) throw this.damaged(`a part of the unknown section ${id}`);
    if (header.name === 'ram') this.readRam(header, id, kind);
    else this.passDevice(header, id, false);
  }

  private readRam({ version }: SectionHeader, id: number, kind: number): void {
    const { reader, capabilities, hugePages } = this;
    if (version !== 3 && version !== 4) throw this.damaged(`RAM in the unknown version ${version}`);
    this.ram ??= new RamSections({ version, capabilities, hugePages }, this.wanted);
    this.ram.read(reader);
    if (kind === END || kind === FULL) this.ramComplete = true;
    this.footers ??= this.isFooter(reader.peek(5), 0, id);
    if (!this.footers) return;
    if (!this.isFooter(reader.peek(5), 0, id)) throw this.damaged('no footer of RAM');
    reader.skip(5);
  }

  /** Passes over a section that is not RAM, and remembers where it is. */
  private passDevice(header: SectionHeader, id: number, whole: boolean): void {
    const { reader } = this;
    const { position } = reader;
    const description = whole ? this.describe(header) : undefined;
    const length = this.lengthOf(description, id) ?? this.searchEnd(header.name, id);
    reader.position = position + length;
    if (this.footers !== false && this.isFooter(reader.peek(5), 0, id)) reader.skip(5);
    if (whole) this.devices.push({ ...header, position, length, description });
  }

  private describe({ name, instance }: SectionHeader): DeviceDescription | undefined {
    this.descriptions ??= new Map(
      findVmdesc(this.reader).map((device) => [`${device.instance} ${device.name}`, device]),
    );
    return this.descriptions.get(`${instance} ${name}`);
  }

  /** The described length, where the stream goes on behind it. */
  private lengthOf(description: DeviceDescription | undefined, id: number): number | undefined {
    if (description === undefined || description.size > this.reader.left) return undefined;
    const { source, position } = this.reader;
    const next = readAt(source, position + description.size, OVERLAP);
    const fits = this.footers === false ? this.isBoundary(next, 0) : this.isFooter(next, 0, id);
    return fits ? description.size : undefined;
  }

  /** Looks for the end of a section by the bytes after it. */
  private searchEnd(name: string, id: number): number {
    const { reader } = this;
    const start = reader.position;
    const mark = this.footers === false ? FULL : FOOTER;
    this.searches += 1;
    if (this.searched.length < MOST_NAMES) this.searched.push(name);
    for (;;) {
      const window = reader.window(2 * OVERLAP);
      const last = window.length >= reader.left;
      const until = last ? window.length : window.length - OVERLAP;
      for (let at = 0; at < until; at += 1) {
        if (window[at] === mark && this.endsAt(window, at, id)) return reader.position + at - start;
      }
      if (last) return reader.position - start + this.restAt(window, name);
      reader.skip(until);
    }
  }

  private endsAt(bytes: Uint8Array, at: number, id: number): boolean {
    if (this.footers === false) return this.isBoundary(bytes, at);
    return this.isFooter(bytes, at, id) && this.isBoundary(bytes, at + 5);
  }

  /** Without footers the last section goes on to the byte that ends the stream. */
  private restAt(window: Uint8Array, name: string): number {
    if (this.footers === false && window[window.length - 1] === EOF) return window.length - 1;
    throw this.damaged(`no end of the section ${name}`);
  }

  private isFooter(bytes: Uint8Array, at: number, id: number): boolean {
    return bytes[at] === FOOTER && at + 5 <= bytes.length && u32(bytes, at + 1) === id;
  }

  /** Whether a part of the stream may begin here, or the stream end. */
  private isBoundary(bytes: Uint8Array, at: number): boolean {
    const kind = bytes[at];
    if (kind === undefined || kind === EOF || kind === COMMAND) return true;
    if (at + 5 > bytes.length) return false;
    if (kind === PART || kind === END) return this.open.has(u32(bytes, at + 1));
    return (kind === START || kind === FULL) && isHeader(bytes, at + 1);
  }

  private damaged(what: string): OsiError {
    const { source, position } = this.reader;
    return new OsiError('DUMP_MALFORMED', `${source.name} has ${what} before offset ${position}`, {
      hint: 'copy or take the dump again',
      fields: { source: source.name, position },
    });
  }
}

/** Id, name of printable characters, instance, version; all numbers are small. */
function isHeader(bytes: Uint8Array, at: number): boolean {
  const length = bytes[at + 4] ?? 0;
  const end = at + 5 + length;
  if (length === 0 || end + 8 > bytes.length || u32(bytes, at) > 0xffff) return false;
  for (let index = at + 5; index < end; index += 1) {
    const byte = bytes[index] ?? 0;
    if (byte < 0x20 || byte > 0x7e) return false;
  }
  return u32(bytes, end) <= 0xffff && u32(bytes, end + 4) <= 0xffff;
}

function u32(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  return high * 65536 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
}
