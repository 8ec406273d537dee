import { OsiError } from '@osi-linux/core';
import { CountingSource } from '@osi-linux/test-fixtures/dump-fuzz';
import { type VmwareStateContent, writeVmwareState } from '@osi-linux/test-fixtures/dump-writers';
import { describe, expect, it } from 'vitest';
import { type ByteSource, BytesSource } from '../../sources/byte-source';
import { openDump } from '../formats';

/** A folder of files in memory. */
class Folder {
  readonly open = new Set<string>();
  readonly files: Readonly<Record<string, Uint8Array>>;

  constructor(files: Readonly<Record<string, Uint8Array>>) {
    this.files = files;
  }

  source(name: string): ByteSource {
    const bytes = this.files[name];
    if (bytes === undefined) throw new Error(`no ${name}`);
    const inner = new BytesSource(bytes, `folder/${name}`);
    this.open.add(name);
    return {
      name: inner.name,
      size: inner.size,
      read: (position, into) => inner.read(position, into),
      close: () => this.open.delete(name),
      beside: (other) => (other in this.files ? this.source(other) : undefined),
    };
  }
}

const memory = Uint8Array.from({ length: 20 * 4096 }, (_, index) => (index >> 12) + 1);
const regions = [
  [0, 0, 12],
  [12, 0x100000, 8],
] as const;
const cpus: Record<string, bigint>[] = [
  {
    rax: 1n,
    r15: 0xffffffff81000000n,
    rip: 0xffffffff82000000n,
    rflags: 0x246n,
    cr0: 5n,
    cr3: 0x1000n,
    cr4: 0x20n,
  },
  { rax: 2n, rsp: 3n, cr3: 0x2000n, idtr_base: 0xfffffe0000001000n },
];

function open(state: VmwareStateContent, name = 'guest.vmss', vmem: Uint8Array | undefined = memory) {
  const files = { 'guest.vmss': writeVmwareState(state), ...(vmem && { 'guest.vmem': vmem }) };
  const folder = new Folder(files);
  return { folder, dump: openDump(folder.source(name)) };
}

describe('vmware', () => {
  it('says of a large .vmem file alone that its end is somewhere else in the guest', () => {
    const source = (size: number): ByteSource => ({
      name: 'guest.vmem',
      size,
      read: (_, into) => into.length,
      close: () => undefined,
    });
    expect(openDump(source(2 ** 31)).findings[0]?.value).toMatch(/registers$/);
    expect(openDump(source(2 ** 32)).findings[0]?.value).toMatch(/may be wrong behind the hole below 4 GiB$/);
  });

  it('reads no more tags than a file may have, however many groups share them', () => {
    const tags = 60_000;
    const groups = 200;
    const start = 12 + 80 * groups;
    const bytes = new Uint8Array(start + 3 * tags + 2);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 0xbed2bed2, true);
    view.setUint32(8, groups, true);
    for (let group = 0; group < groups; group += 1) {
      bytes.set(new TextEncoder().encode('cpu'), 12 + 80 * group);
      view.setUint32(12 + 80 * group + 64, start, true);
    }
    for (let tag = 0; tag < tags; tag += 1) view.setUint16(start + 3 * tag, 0x0100, true);
    const beside = { 'x.vmem': new Uint8Array(4096) };
    const source = new CountingSource('x.vmss', bytes, { reads: 300_000, bytes: 2 ** 30 }, beside);
    const { findings } = openDump(source);
    expect(findings).toHaveLength(1);
    expect(findings[0]?.evidence).toBe('more than 262144 tags in its groups');
  });

  it.each(['guest.vmss', 'guest.vmem'])('puts both files together, given %s', (name) => {
    const { folder, dump } = open({ regions, cpus }, name);
    expect([dump.format, dump.findings]).toEqual(['vmware', []]);
    expect(dump.memory.ranges).toEqual([
      { start: 0, end: 12 * 4096 },
      { start: 0x100000000, end: 0x100008000 },
    ]);
    expect([dump.memory.page(11), dump.memory.page(0x100000)].map((page) => page?.bytes[0])).toEqual([
      12, 13,
    ]);
    expect(dump.memory.hole(12).code).toBe('PHYSICAL_HOLE');
    expect(dump.cpus.map((cpu) => cpu.registers['cr3'])).toEqual([0x1000n, 0x2000n]);
    expect([...folder.open]).toHaveLength(2);
    dump.close();
    expect([...folder.open]).toEqual([]);
  });

  it.each(['tags', 'blocks'] as const)('reads registers out of %s', (registers) => {
    const { dump } = open({ cpus, registers });
    expect(dump.cpus.map(({ index }) => index)).toEqual([0, 1]);
    expect(dump.cpus[0]?.registers).toMatchObject(cpus[0] ?? {});
    expect(dump.cpus[1]?.registers).toMatchObject(cpus[1] ?? {});
    expect(dump.cpus[1]?.registers['rflags']).toBe(0n);
  });

  it('reads memory inside of the state file, flat where there are no regions', () => {
    const { dump, folder } = open({ memory, cpus }, 'guest.vmss', undefined);
    expect(dump.memory.ranges).toEqual([{ start: 0, end: memory.length }]);
    expect(dump.memory.page(19)?.bytes).toEqual(memory.subarray(19 * 4096));
    dump.close();
    expect([...folder.open]).toEqual([]);
    const split = open({ memory, regions }, 'guest.vmss', undefined).dump;
    expect(split.memory.page(0x100007)?.bytes[9]).toBe(20);
  });

  it('takes a .vmem file alone as plain memory, and says so', () => {
    const dump = openDump(new Folder({ 'guest.vmem': memory }).source('guest.vmem'));
    expect([dump.format, dump.memory.ranges]).toEqual(['vmware', [{ start: 0, end: memory.length }]]);
    expect(dump.findings).toEqual([
      {
        what: 'vmware-state',
        value: 'read as raw memory, without regions and registers',
        evidence: 'no .vmss or .vmsn file is beside it',
      },
    ]);
  });

  it('keeps the memory where the state file is none, or an old one', () => {
    for (const state of [new Uint8Array(100), writeVmwareState({ magic: 0xbed0bed0 })]) {
      const folder = new Folder({ 'guest.vmem': memory, 'guest.vmsn': state });
      const dump = openDump(folder.source('guest.vmem'));
      expect(dump.findings).toMatchObject([{ what: 'vmware-state' }]);
      expect([dump.memory.page(3)?.bytes[0], [...folder.open]]).toEqual([4, ['guest.vmem']]);
    }
  });

  it('says which file is missing', () => {
    expect(() => open({ regions }, 'guest.vmss', new Uint8Array(0))).not.toThrow();
    const alone = new Folder({ 'guest.vmss': writeVmwareState({ regions }) });
    expect(() => openDump(alone.source('guest.vmss'))).toThrow(
      expect.objectContaining({ code: 'DUMP_PART_MISSING' }),
    );
  });

  it('names what is not read', () => {
    const unsupported = expect.objectContaining({ code: 'DUMP_FORMAT_UNSUPPORTED' });
    expect(() => open({ memory, compressed: true })).toThrow(unsupported);
    expect(() => open({ magic: 0xbed2bed0 })).toThrow(unsupported);
  });

  it('tells of memory that the .vmem file should have', () => {
    const { dump } = open({ regions }, 'guest.vmss', memory.subarray(0, 16 * 4096));
    expect(dump.findings).toMatchObject([{ what: 'truncated', value: '16384 bytes are missing' }]);
    expect(dump.memory.hole(0x100004).code).toBe('DUMP_TRUNCATED');
    expect(dump.memory.page(0x100003)?.bytes[0]).toBe(16);
  });

  it('that is cut off at any byte gives a dump or an OsiError', () => {
    const state = writeVmwareState({ regions, cpus, registers: 'blocks' });
    for (let length = 4; length < state.length; length += 1) {
      const folder = new Folder({ 'guest.vmss': state.subarray(0, length), 'guest.vmem': memory });
      try {
        const dump = openDump(folder.source('guest.vmss'));
        expect(dump.findings.length).toBeGreaterThan(0);
        dump.close();
      } catch (error) {
        if (!OsiError.is(error)) throw error;
        expect(error.code).toBe('DUMP_MALFORMED');
      }
    }
  });
});
