import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OsiError, PAGE_SIZE, type PhysicalMemory } from '@osi-linux/core';
import {
  CPIO_MODE,
  type GuestKit,
  type GuestSpec,
  guestKit,
  guestSpec,
  guestsOfThisRun,
  Machine,
  runInSuiteRoot,
  type TableGuest,
} from '@osi-linux/test-fixtures/guest-builder';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AddressSpace } from './address-space';
import { pagingFromRegisters } from './control-registers';
import { linuxNonPresent } from './linux-non-present';
import { findVirtual } from './reverse-map';

// QEMU walks the same tables with code of its own: `info tlb` and `gva2gpa` are the truth here. Small programs and the
// disk that they swap to vouch for the facts that QEMU does not report.

/**
 * Brings one page into each state that page tables know, reports where they are, and goes on in user mode.
 */
const PAGES_C = `
#define _GNU_SOURCE
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#define LARGE (2UL << 20)
#define ADVISE_PAGEOUT 21

static char *region(void)
{
	char *at = mmap(NULL, 2 * LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return (char *)(((uintptr_t)at + LARGE - 1) & ~(LARGE - 1));
}

int main(void)
{
	char *large = region(), *small = region();
	madvise(large, LARGE, MADV_HUGEPAGE);
	madvise(small, LARGE, MADV_NOHUGEPAGE);
	for (int page = 0; page < 4; page++)
		sprintf(small + page * 4096, "small page %d", page);
	strcpy(large + 8192, "large page");
	printf("OSI-PAGES %lx %lx\\n", (unsigned long)small, (unsigned long)large);
	fflush(stdout);
	mprotect(small, 4096, PROT_NONE);
	mprotect(large, LARGE, PROT_NONE);
	if (madvise(small + 4096, 4096, ADVISE_PAGEOUT))
		perror("OSI-FAILED madvise");
	sleep(1);
	printf("OSI-CHECKPOINT\\n");
	fflush(stdout);
	for (;;)
		__asm__ volatile("");
}
`;

const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
. /etc/guest.conf
mkdir -p /proc /dev /sys
mount -t proc proc /proc
mount -t sysfs sysfs /sys
# Kernels of guests with little memory leave large pages off; those with two levels have none.
large=/sys/kernel/mm/transparent_hugepage/enabled
[ -e $large ] && echo madvise > $large
mount -t devtmpfs devtmpfs /dev
for module in $MODULES; do load-module "/modules/$module.ko" || echo "OSI-FAILED $module"; done
mkswap /dev/vda && swapon /dev/vda || echo "OSI-FAILED swapon"
exec pages
`;

/** Of the chosen guests, one for each form of paging, and one with isolated page tables. */
const guests = guestsOfThisRun().filter(
  (guest, at, all) => all.findIndex(({ paging, cpu }) => paging === guest.paging && cpu === guest.cpu) === at,
);

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe.each(guests)('$paging on $name', (guest) => {
  const isolated = guest.appendCommandLine?.includes('pti=on') ?? false;
  let answers: Answers;
  let space: AddressSpace;
  let pages: { small: bigint; large: bigint };

  beforeAll(async () => {
    answers = await askGuest(await kitWithPages(guest), { ...guestSpec(guest), cpus: 1 });
    const [small = 0n, large = 0n] = answers.pages;
    pages = { small, large };
    const paging = pagingFromRegisters(answers.registers);
    space = new AddressSpace(paging.form, answers.memory, paging.root, linuxNonPresent());
  });

  it('is chosen from the registers', () => {
    const { form, ptiUserRoot } = pagingFromRegisters(answers.registers);
    expect(form.name).toBe(guest.paging);
    if (isolated) expect(ptiUserRoot).toBeDefined();
  });

  it('translates every page that QEMU lists', () => {
    expect(answers.tlb.length).toBeGreaterThan(isolated ? 100 : 2000);
    const wrong = answers.tlb.filter(([virtual, physical]) => space.walk(virtual).physical !== physical);
    expect(wrong.slice(0, 5)).toEqual([]);
  });

  it('translates random addresses as QEMU does', () => {
    expect(answers.probes.filter(([, physical]) => physical === undefined).length).toBeGreaterThan(10);
    expect(answers.probes.filter(([, physical]) => physical !== undefined).length).toBeGreaterThan(100);
    const wrong = answers.probes.filter(([virtual, physical]) => space.walk(virtual).physical !== physical);
    expect(wrong).toEqual([]);
  });

  it('finds pages from behind', () => {
    const known = new Map(answers.tlb);
    for (const [virtual, physical] of everyNth(answers.tlb, 20)) {
      const found = findVirtual(space.form, answers.memory, space.root, physical, { limit: 1e6 });
      expect(found.mappings.map((mapping) => mapping.virtual)).toContain(virtual);
      expect(found).toMatchObject({ missingTables: [] });
      for (const mapping of found.mappings.slice(0, 50)) {
        expect(space.translate(mapping.virtual)).toBe(physical);
        if (mapping.pageSize === PAGE_SIZE) expect(known.get(mapping.virtual)).toBe(physical);
      }
    }
  });

  it('reads PROT_NONE pages, of which it shows the entry', () => {
    expect(textAt(space, pages.small)).toBe('small page 0');
    expect(textAt(space, pages.large + 8192n)).toBe('large page');
    const prot = { fault: 'not-present', nonPresent: { kind: 'prot-none' } };
    expect(space.walk(pages.small)).toMatchObject({ ...prot, level: 'PTE' });
    const level = guest.paging === 'i386' ? 'PTE' : 'PDE';
    expect(space.walk(pages.large + 8192n)).toMatchObject({ ...prot, level });
  });

  it('finds the swapped page on the disk', () => {
    const { fields } = space.fault(pages.small + 4096n);
    expect(fields).toMatchObject({ reason: 'swapped', swap: { type: 0 } });
    const { offset } = fields['swap'] as { offset: number };
    expect(answers.disk.toString('latin1', offset * 4096, offset * 4096 + 12)).toBe('small page 1');
  });

  it('reads the pages beside them, and names the one that was never touched', () => {
    expect(new TextDecoder().decode(space.page(pages.small + 8192n)?.bytes.subarray(0, 12))).toBe(
      'small page 2',
    );
    expect(space.fault(pages.small + 65536n).fields).toMatchObject({ reason: 'unmapped' });
  });
});

/** The answers of a guest that stands still. */
interface Answers {
  readonly registers: { cr0: bigint; cr3: bigint; cr4: bigint; efer: bigint };
  /** Pages by `info tlb`, as virtual and physical address. */
  readonly tlb: readonly (readonly [bigint, number])[];
  /** Addresses and their results from `gva2gpa`. */
  readonly probes: readonly (readonly [bigint, number | undefined])[];
  readonly memory: PhysicalMemory;
  readonly disk: Buffer;
  readonly pages: readonly bigint[];
}

async function kitWithPages(guest: TableGuest): Promise<GuestKit> {
  const kit = await guestKit(guest);
  const sources = mkdtempSync(join(tmpdir(), 'osi-linux-pages-'));
  folders.push(sources);
  writeFileSync(join(sources, 'pages.c'), PAGES_C);
  const { root, gccTarget } = kit.tools;
  const compile = ['gcc', ...gccTarget, '-O1', '-static', '-o', '/build/pages/pages', '/build/pages/pages.c'];
  await runInSuiteRoot(root, compile, { binds: { '/build/pages': sources } });
  const pages = { path: 'bin/pages', mode: CPIO_MODE.program, bytes: readFileSync(join(sources, 'pages')) };
  return { ...kit, files: [...kit.files, pages] };
}

async function askGuest(kit: GuestKit, spec: GuestSpec): Promise<Answers> {
  const folder = mkdtempSync(join(tmpdir(), 'osi-linux-walk-'));
  folders.push(folder);
  const configuration = { MODULES: kit.modules.map(({ name }) => name).join(' ') };
  const machine = await Machine.start(kit, spec, { script: INIT, configuration }, folder);
  try {
    await machine.checkpoint();
    const registers = await stopInUserMode(machine);
    const tlb = parseTlb(await machine.qmp.monitor('info tlb'));
    const probes: [bigint, number | undefined][] = [];
    for (const address of chooseProbes(tlb)) {
      probes.push([address, parsePhysical(await machine.qmp.monitor(`gva2gpa 0x${address.toString(16)}`))]);
    }
    const ram = join(folder, 'ram');
    await machine.qmp.execute('pmemsave', { val: 0, size: spec.memoryMiB * 2 ** 20, filename: ram });
    const pages = /OSI-PAGES (\w+) (\w+)/.exec(machine.console())?.slice(1) ?? [];
    const disk = readFileSync(join(folder, 'truth'));
    return { registers, tlb, probes, memory: memoryOf(readFileSync(ram)), disk, pages: pages.map(hex) };
  } finally {
    await machine.close();
  }
}

async function stopInUserMode({ qmp }: Machine): Promise<Answers['registers']> {
  for (;;) {
    await qmp.execute('stop');
    const text = await qmp.monitor('info registers');
    const read = (name: string) => hex(new RegExp(`\\b${name}=([0-9a-f]+)`).exec(text)?.[1] ?? '0');
    if (/CPL=3/.test(text))
      return { cr0: read('CR0'), cr3: read('CR3'), cr4: read('CR4'), efer: read('EFER') };
    await qmp.execute('cont');
    await sleep(7);
  }
}

function hex(digits: string): bigint {
  return BigInt(`0x${digits}`);
}

/** Lines such as `ffff888000000000: 0000000000000000 XG-DA---W`; of PAE pages QEMU prints NX with the address. */
function parseTlb(text: string): [bigint, number][] {
  const lines = text.matchAll(/^([0-9a-f]{8,16}): ([0-9a-f]{8,16}) /gm);
  return [...lines].map(([, at = '', physical = '']) => [hex(at), Number(hex(physical) & ~(1n << 63n))]);
}

function parsePhysical(text: string): number | undefined {
  const [, digits] = /gpa: (?:0x)?([0-9a-f]+)/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(hex(digits));
}

/** Addresses in and around pages, the large ones too. */
function chooseProbes(tlb: Answers['tlb']): bigint[] {
  return Array.from({ length: 300 }, () => {
    const [start] = tlb[Math.floor(Math.random() * tlb.length)] ?? [0n];
    const reach = Math.random() < 0.5 ? 4096 : 2 ** 22;
    return BigInt.asUintN(
      start >> 32n === 0n ? 32 : 64,
      start + BigInt(Math.floor((Math.random() - 0.1) * reach)),
    );
  });
}

function everyNth<Item>(items: readonly Item[], wanted: number): Item[] {
  const step = Math.max(1, Math.floor(items.length / wanted));
  return items.filter((_, at) => at % step === 0);
}

function memoryOf(ram: Buffer): PhysicalMemory {
  return {
    ranges: [{ start: 0, end: ram.length }],
    page: (frame) => {
      const at = frame * PAGE_SIZE;
      if (at + PAGE_SIZE > ram.length) return undefined;
      const bytes = ram.subarray(at, at + PAGE_SIZE);
      return { bytes, view: new DataView(ram.buffer, ram.byteOffset + at, PAGE_SIZE) };
    },
    hole: (address) => new OsiError('PHYSICAL_HOLE', `no RAM at ${address}`),
    scan: () => 0,
  };
}

/** The C string behind a page that the processor cannot reach, by the physical address in its fault. */
function textAt(space: AddressSpace, virtual: bigint): string {
  const bytes = space.page(virtual)?.bytes.subarray(Number(virtual) % PAGE_SIZE) ?? new Uint8Array(1);
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}
