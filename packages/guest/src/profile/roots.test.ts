import { readFileSync } from 'node:fs';
import { OsiError } from '@osi-linux/core';
import { safeParseKeyFile } from '@osi-linux/kconf';
import { BytesSource, type Dump, openDump } from '@osi-linux/memory';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { AddressSpace, findVirtual } from '@osi-linux/x86-mmu';
import { describe, expect, it } from 'vitest';
import { openGuest } from '../guest';
import { findDumpRoots, findProfileRoot } from './roots';

const hole = () => new OsiError('PHYSICAL_HOLE', 'empty');

describe('the root that a profile names', () => {
  const wide = { 'kernel.swapper_pg_dir_addr': 0xffffffffb9a10000n, 'kernel.pgtable_levels': 4 };
  const narrow = { 'kernel.swapper_pg_dir_addr': 0xc4e98000n, 'kernel.pgtable_levels': 3 };
  const rootOf = (info: object) => {
    const found = findProfileRoot(info);
    return found && [found.form.name, found.root];
  };

  it('is moved by phys_base, or lies in the direct map', () => {
    expect(rootOf({ ...wide, 'kernel.phys_base': -826277888 })).toEqual(['4-level', 0x8610000]);
    expect(rootOf({ ...narrow, 'kernel.page_offset_addr': 0xc0000000n })).toEqual(['pae', 0x4e98000]);
  });

  it.each([wide, narrow, { ...wide, 'kernel.phys_base': -9999999999 }, {}])('is none of %o', (info) => {
    expect(rootOf(info)).toBeUndefined();
  });

  it('of 32 bits follows pid 0, wherever the direct map has it', () => {
    const bytes = new Uint8Array(4096);
    bytes.set(new TextEncoder().encode('swapper/0'), 0x480 + 0x20);
    const page = { bytes, view: new DataView(bytes.buffer) };
    const memory = {
      ranges: [{ start: 0, end: 0x10000000 }],
      page: (frame: number) => (frame === 0x8a99 ? page : undefined),
      hole,
      scan: () => 0,
    };
    const dump: Dump = { format: 'raw', memory, cpus: [], findings: [], close: () => undefined };
    const info = { ...narrow, 'kernel.page_offset_addr': 0xc0000000n, 'task.comm_offset': 0x20 };
    const roots = (init: bigint) =>
      findDumpRoots(dump, { ...info, 'task.init_addr': init }).map(({ form, root }) => [form.name, root]);
    expect(roots(0xc1a99480n)).toEqual([['pae', 0x4e98000 + 0x7000000]]);
    expect(roots(0xc1a99490n)).toEqual([]);
  });
});

describe('the page tables of the recorded guest, read backwards', () => {
  const { dumpFile, kconfFile } = readRecordedGuest('debian-12-amd64');
  const dump = openDump(new BytesSource(new Uint8Array(readFileSync(dumpFile))));
  const { file: keyFile } = safeParseKeyFile(readFileSync(kconfFile));
  const { profile } = openGuest(dump, { keyFile });
  const { root, kernel } = profile;

  it('lead from init_task to the image and to the direct map, and back', () => {
    const virtual = kernel.info['task.init_addr'] ?? 0n;
    const tables = new AddressSpace(root.form, dump.memory, root.root);
    const physical = tables.translate(virtual);
    if (physical === undefined) throw new Error('init_task is not mapped');
    const found = findVirtual(root.form, dump.memory, root.root, physical);
    const directMap = (kernel.info['kernel.page_offset_addr'] ?? 0n) + BigInt(physical);
    expect(found.mappings.map((mapping) => mapping.virtual)).toEqual([directMap, virtual]);
    expect(found.mappings.every((mapping) => tables.translate(mapping.virtual) === physical)).toBe(true);
    expect(found.cutOff).toBeUndefined();
  });

  it('lead from every range of RAM to addresses that lead back', () => {
    const processors = dump.cpus.map(({ registers }) => Number((registers['cr3'] ?? 0n) & ~0xfffn));
    let mappings = 0;
    for (const top of [root.root, ...processors]) {
      const tables = new AddressSpace(root.form, dump.memory, top);
      for (const { start } of dump.memory.ranges.slice(0, 30)) {
        const found = findVirtual(root.form, dump.memory, top, start + 0x18);
        mappings += found.mappings.length;
        expect(found.mappings.every(({ virtual }) => tables.translate(virtual) === start + 0x18)).toBe(true);
      }
    }
    expect(mappings).toBeGreaterThan(30);
  });
});
