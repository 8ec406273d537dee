import type { Cpu } from '@osi-linux/core';
import { PlantedMemory, PlantedTables } from '@osi-linux/test-fixtures/damage';
import { FakePhysicalMemory } from '@osi-linux/test-fixtures/fake-memory';
import {
  type FakeImage,
  type FakeImageOptions,
  KALLSYMS_FORMS,
  type KallsymsForm,
  writeFakeImage,
  writeVmcoreinfoNote,
} from '@osi-linux/test-fixtures/kernel-image';
import { describe, expect, it } from 'vitest';
import { locateKernel } from '../located-kernel';
import { eachKernelLocation } from './kernel-location';

const TEXT = 0xffffffffa9c00000n;
const FORM = KALLSYMS_FORMS['v6.4'] as KallsymsForm;
const FORM_32 = KALLSYMS_FORMS['v5.10, 32 bits'] as KallsymsForm;

function kernel(options: Partial<FakeImageOptions> = {}, memory = new FakePhysicalMemory()): FakeImage {
  const usual = { form: FORM, paging: '4-level', textBase: TEXT, physical: 0x9000000 } as const;
  return writeFakeImage(memory, { ...usual, ...options });
}

/** The registers of a processor in 64-bit mode. */
function cpu(root: number, more: Record<string, bigint> = {}): Cpu {
  const registers = { cr0: 0x80050033n, cr3: BigInt(root), cr4: 0x6f0n, efer: 0xd01n, ...more };
  return { index: 0, registers };
}

function noteText(image: FakeImage, physical: number): string {
  const table = image.symbols.find(({ name }) => name === 'init_top_pgt')?.address ?? 0n;
  const physBase = BigInt(physical) - (image.textBase - 0xffffffff80000000n);
  return [
    'OSRELEASE=6.1.0',
    `SYMBOL(swapper_pg_dir)=${table.toString(16)}`,
    `NUMBER(phys_base)=${physBase}`,
    'NUMBER(pgtable_l5_enabled)=0',
    `KERNELOFFSET=${(image.textBase - 0xffffffff81000000n).toString(16)}`,
    '',
  ].join('\n');
}

describe('locateKernel', () => {
  it.each(['4-level', '5-level'] as const)(
    'finds a kernel with %s paging by its page tables alone',
    (paging) => {
      const image = kernel({ paging });
      const found = locateKernel({ memory: image.memory });
      expect(found?.location).toMatchObject({
        root: image.builder.root,
        textBase: TEXT,
        kaslrShift: TEXT - 0xffffffff81000000n,
        physBase: 0x9000000n - (TEXT - 0xffffffff80000000n),
      });
      expect(found?.location.form.name).toBe(paging);
      expect(found?.location.evidence.root).toMatch(/^page tables in memory/);
      expect(found?.symbols?.count).toBe(image.symbols.length);
      expect(found?.commandLine).toBe('console=ttyS0');
    },
  );

  it('finds a kernel above 4 GiB', () => {
    const image = kernel({ physical: 0x104000000 });
    expect(locateKernel({ memory: image.memory })?.location.root).toBe(image.builder.root);
    const byCpu = locateKernel({ memory: image.memory, cpus: [cpu(image.builder.root)] });
    expect(byCpu?.location.physBase).toBe(0x104000000n - (TEXT - 0xffffffff80000000n));
  });

  it('takes the root of a process to the kernel, and then the own root of that', () => {
    const image = kernel();
    // A process has a top table of its own, and shares the tables below it.
    image.memory.setPage(0x300, image.memory.page(image.builder.root / 4096)?.bytes);
    const found = locateKernel({ memory: image.memory, cpus: [cpu(0x300000)] });
    expect(found?.location.root).toBe(image.builder.root);
    expect(found?.location.evidence.root).toBe('its symbol, by CR3 of cpu 0, 0x300000');
  });

  it('takes the half with the kernel where page tables are isolated', () => {
    const image = kernel();
    image.memory.setPage(0x300, image.memory.page(image.builder.root / 4096)?.bytes);
    image.memory.setPage(0x301);
    const found = locateKernel({ memory: image.memory, cpus: [cpu(0x301000)] });
    expect(found?.location.root).toBe(image.builder.root);
    expect(found?.location.evidence.root).toContain('its half with the kernel');
  });

  it('believes the VMCOREINFO of the dump before the registers, and before that in memory', () => {
    const image = kernel();
    const text = noteText(image, 0x9000000);
    image.memory.write(0x500000, writeVmcoreinfoNote(text));
    const { memory } = image;
    const evidence = (source: Parameters<typeof locateKernel>[0]) =>
      locateKernel(source)?.location.evidence.root;
    expect(evidence({ memory, vmcoreinfo: text, cpus: [cpu(image.builder.root)] })).toBe(
      'SYMBOL(swapper_pg_dir) of VMCOREINFO of the dump',
    );
    expect(evidence({ memory, cpus: [cpu(image.builder.root)] })).toMatch(/^CR3 of cpu 0/);
    expect(evidence({ memory })).toBe('SYMBOL(swapper_pg_dir) of VMCOREINFO in memory at physical 0x500000');
  });

  it('goes on where a note or a register leads nowhere', () => {
    const image = kernel();
    const text = noteText(image, 0x9000000);
    const wrong = text.replace(/NUMBER\(phys_base\)=.*/, 'NUMBER(phys_base)=0');
    const cpus = [cpu(0x700000), cpu(image.builder.root, { cr0: 0x11n })];
    const found = locateKernel({ memory: image.memory, vmcoreinfo: wrong, cpus });
    expect(found?.location.evidence.root).toMatch(/^page tables in memory/);
  });

  it('tells a kernel that was started to dump another from that one', () => {
    const memory = new FakePhysicalMemory();
    const crashed = kernel({}, memory);
    const second = kernel(
      { textBase: 0xffffffff95000000n, physical: 0x4000000, commandLine: 'elfcorehdr=0x3f000000 nr_cpus=1' },
      memory,
    );
    memory.write(0x500000, writeVmcoreinfoNote(`${noteText(second, 0x4000000)}longer=1\n`));
    memory.write(0x600000, writeVmcoreinfoNote(noteText(crashed, 0x9000000)));
    for (const cpus of [[], [cpu(second.builder.root)]]) {
      const found = locateKernel({ memory, cpus });
      expect([found?.location.textBase, found?.isCrashKernel]).toEqual([TEXT, false]);
    }
    const alone = new FakePhysicalMemory();
    const only = kernel({ commandLine: 'quiet elfcorehdr=1M' }, alone);
    expect(locateKernel({ memory: alone })).toMatchObject({ isCrashKernel: true });
    expect([...eachKernelLocation({ memory: alone })].map(({ root }) => root)).toEqual([only.builder.root]);
  });

  it.each(['pae', 'i386'] as const)(
    'finds a 32-bit kernel with %s paging by VMCOREINFO in memory',
    (paging) => {
      const image = kernel({ form: FORM_32, paging, textBase: 0xc9000000n });
      const table = image.symbols.find(({ name }) => name === 'swapper_pg_dir')?.address ?? 0n;
      const config = paging === 'pae' ? 'CONFIG_X86_PAE=y\n' : '';
      const text = `OSRELEASE=5.10\nSYMBOL(swapper_pg_dir)=${table.toString(16)}\nSYMBOL(_stext)=c9000000\n${config}`;
      image.memory.write(0x500000, writeVmcoreinfoNote(text));
      const found = locateKernel({ memory: image.memory });
      expect(found?.location).toMatchObject({
        ...{ root: image.builder.root, textBase: 0xc9000000n, mapBase: 0xc0000000n, physBase: 0n },
        kaslrShift: 0x8000000n,
      });
      expect(found?.location.form.name).toBe(paging);
      expect(found?.symbols?.count).toBe(image.symbols.length);
    },
  );

  it.each(['pae', 'i386', '4-level', '5-level'] as const)(
    'takes %s page tables with the whole image in one run before those that a process planted, and names these',
    (paging) => {
      const isWide = paging.endsWith('level');
      const textBase = isWide ? TEXT : 0xc9000000n;
      const mapBase = isWide ? 0xffffffff80000000n : 0xc0000000n;
      const image = kernel({ form: isWide ? FORM : FORM_32, paging, textBase });
      const name = isWide ? 'init_top_pgt' : 'swapper_pg_dir';
      const table = image.symbols.find((symbol) => symbol.name === name)?.address ?? 0n;
      const note = (root: number, at: bigint) =>
        [
          'OSRELEASE=6.1.0',
          `SYMBOL(swapper_pg_dir)=${at.toString(16)}`,
          `SYMBOL(_stext)=${textBase.toString(16)}`,
          ...(isWide ? [`NUMBER(phys_base)=${BigInt(root) - (at - mapBase)}`] : []),
          `NUMBER(pgtable_l5_enabled)=${paging === '5-level' ? 1 : 0}`,
          ...(paging === 'pae' ? ['CONFIG_X86_PAE=y'] : []),
        ].join('\n');
      image.memory.write(0x500000, writeVmcoreinfoNote(note(image.builder.root, table)));
      const memory = new PlantedMemory(image.memory, 0x600000, 16);
      const planted = new PlantedTables(memory, paging, image.builder.root);
      planted.shadow(textBase + 0x400000n, new TextEncoder().encode('evil'));
      if (isWide) planted.lead(table & ~0xfffn, planted.root / 4096);
      const at = isWide ? table : mapBase + BigInt(planted.root);
      const page = new Uint8Array(4096);
      page.set(writeVmcoreinfoNote(`${note(planted.root, at)}\nlonger=${'x'.repeat(2000)}`));
      memory.plant(page);
      const { location } = locateKernel({ memory }) ?? {};
      expect(location?.root).toBe(image.builder.root);
      expect(location?.rivals.map(({ root }) => root)).toEqual([planted.root]);
      const named = locateKernel({ memory, vmcoreinfo: note(image.builder.root, table) });
      expect(named?.location.rivals).toEqual([]);
    },
  );

  it('tells why a kernel has no symbols, and finds no kernel where there is none', () => {
    const image = kernel();
    const index = image.builder.lookup(image.kallsyms.tables['token_index'] ?? 0n) ?? 0;
    image.memory.write(index, new Uint8Array(512));
    const found = locateKernel({ memory: image.memory });
    expect(found?.location.textBase).toBe(TEXT);
    expect([found?.symbols, found?.problem?.code]).toEqual([undefined, 'KALLSYMS_NOT_FOUND']);
    const empty = new FakePhysicalMemory();
    empty.setPage(7, new Uint8Array(4096).fill(0x63));
    expect(locateKernel({ memory: empty, cpus: [cpu(0x7000)] })).toBeUndefined();
  });
});
