import { OsiError } from '@osi-linux/core';
import { describe, expect, it } from 'vitest';
import type { KernelSource } from '../kernel-source';
import { findNamedRoots } from './kernel-root';

const hole = () => new OsiError('PHYSICAL_HOLE', 'empty');
const memory = { ranges: [], page: () => undefined, hole, scan: () => 0 };

const rootsOf = (parts: Partial<KernelSource>) =>
  findNamedRoots({ memory, ...parts }).map(({ form, root }) => [form.name, root]);

describe('roots that VMCOREINFO names', () => {
  // Lines of the notes of Debian 12 guests.
  it('are found of 64 bits, with five levels and a negative phys_base', () => {
    const vmcoreinfo =
      'SYMBOL(swapper_pg_dir)=ffffffffb9a10000\nNUMBER(phys_base)=-826277888\nNUMBER(pgtable_l5_enabled)=1\n';
    expect(rootsOf({ vmcoreinfo, machine: 'x86_64' })).toEqual([['5-level', 0x8610000]]);
    expect(rootsOf({ vmcoreinfo: vmcoreinfo.replace('=1\n', '=0\n') })).toEqual([['4-level', 0x8610000]]);
  });

  it('are found of 32 bits with two levels, for each split of the address space that the table allows', () => {
    const vmcoreinfo = 'SYMBOL(swapper_pg_dir)=cae74000\n';
    expect(rootsOf({ vmcoreinfo, machine: 'i386' })).toEqual([
      ['i386', 0xae74000],
      ['i386', 0x1ae74000],
    ]);
  });

  it('are found with PAE', () => {
    const vmcoreinfo = 'SYMBOL(swapper_pg_dir)=c4e98000\nCONFIG_X86_PAE=y\n';
    expect(rootsOf({ vmcoreinfo })[0]).toEqual(['pae', 0x4e98000]);
  });

  it.each([
    'SYMBOL(swapper_pg_dir)=ffffffffb9a10000\n',
    'SYMBOL(swapper_pg_dir)=1000\n',
    'SYMBOL(swapper_pg_dir)=cae74004\n',
    'NUMBER(phys_base)=0\n',
    'SYMBOL(swapper_pg_dir)=ffffffffb9a10000\nNUMBER(phys_base)=-9999999999\n',
  ])('are not found in %j', (vmcoreinfo) => {
    expect(rootsOf({ vmcoreinfo })).toEqual([]);
  });
});

describe('roots of processors', () => {
  const registers = { cr0: 0x80050033n, cr3: 0x2df3000n, cr4: 0x6f0n };

  it('name the half of the kernel before the half of user code', () => {
    const cpus = [{ index: 0, registers }];
    expect(rootsOf({ cpus, machine: 'x86_64' })).toEqual([
      ['4-level', 0x2df2000],
      ['4-level', 0x2df3000],
    ]);
  });

  it('are of 64 bits by EFER where the file names no machine', () => {
    const cpus = [{ index: 0, registers: { ...registers, efer: 0xd01n } }];
    expect(rootsOf({ cpus })[0]?.[0]).toBe('4-level');
    expect(rootsOf({ cpus: [{ index: 0, registers }] })).toEqual([]);
  });
});
