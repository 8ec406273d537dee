import { readFileSync } from 'node:fs';
import { OsiError } from '@osi-linux/core';
import { safeParseKeyFile } from '@osi-linux/kconf';
import { BytesSource, type Dump, openDump } from '@osi-linux/memory';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { AddressSpace, findVirtual } from '@osi-linux/x86-mmu';
import { describe, expect, it } from 'vitest';
import { openGuest } from './guest';
import { findKernelRoots, findPagingOfCpus } from './kernel-root';

/** A dump that has nothing but what names page tables. */
function dumpOf(parts: Partial<Dump>): Dump {
  const hole = () => new OsiError('PHYSICAL_HOLE', 'empty');
  const memory = { ranges: [], page: () => undefined, hole, scan: () => 0 };
  return { format: 'raw', memory, cpus: [], findings: [], close: () => undefined, ...parts };
}

const rootsOf = (parts: Partial<Dump>, info = {}) =>
  findKernelRoots(dumpOf(parts), info).map(({ form, root }) => [form.name, root]);

describe('roots that VMCOREINFO names', () => {
  // Lines of the notes of Debian 12 guests.
  it('64-bit, five levels, a negative phys_base', () => {
    const vmcoreinfo =
      'SYMBOL(swapper_pg_dir)=ffffffffb9a10000\nNUMBER(phys_base)=-826277888\nNUMBER(pgtable_l5_enabled)=1\n';
    expect(rootsOf({ vmcoreinfo, machine: 'x86_64' })).toEqual([['5-level', 0x8610000]]);
    expect(rootsOf({ vmcoreinfo: vmcoreinfo.replace('=1\n', '=0\n') })).toEqual([['4-level', 0x8610000]]);
  });

  it('32-bit, two levels, each split of the address space that the table allows', () => {
    const vmcoreinfo = 'SYMBOL(swapper_pg_dir)=cae74000\n';
    expect(rootsOf({ vmcoreinfo, machine: 'i386' })).toEqual([
      ['i386', 0xae74000],
      ['i386', 0x1ae74000],
    ]);
    expect(rootsOf({ vmcoreinfo }, { 'kernel.page_offset_addr': 0xc0000000n })).toEqual([
      ['i386', 0xae74000],
    ]);
  });

  it('PAE', () => {
    const vmcoreinfo = 'SYMBOL(swapper_pg_dir)=c4e98000\nCONFIG_X86_PAE=y\n';
    expect(rootsOf({ vmcoreinfo })[0]).toEqual(['pae', 0x4e98000]);
  });

  it.each([
    'SYMBOL(swapper_pg_dir)=ffffffffb9a10000\n',
    'SYMBOL(swapper_pg_dir)=1000\n',
    'SYMBOL(swapper_pg_dir)=cae74004\n',
    'NUMBER(phys_base)=0\n',
    'SYMBOL(swapper_pg_dir)=ffffffffb9a10000\nNUMBER(phys_base)=-9999999999\n',
  ])('nothing of %j', (vmcoreinfo) => {
    expect(rootsOf({ vmcoreinfo })).toEqual([]);
  });
});

describe('roots of processors', () => {
  const registers = { cr0: 0x80050033n, cr3: 0x2df3000n, cr4: 0x6f0n };

  it('the half of user code comes after the one before it', () => {
    const cpus = [{ index: 0, registers }];
    expect(rootsOf({ cpus, machine: 'x86_64' })).toEqual([
      ['4-level', 0x2df2000],
      ['4-level', 0x2df3000],
    ]);
  });

  it('EFER decides where the file names no machine', () => {
    const cpus = [{ index: 0, registers: { ...registers, efer: 0xd01n } }];
    expect(findPagingOfCpus(dumpOf({ cpus }))?.name).toBe('4-level');
    expect(findPagingOfCpus(dumpOf({ cpus: [{ index: 0, registers }] }))).toBeUndefined();
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
