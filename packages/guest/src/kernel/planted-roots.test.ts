import { readFileSync } from 'node:fs';
import {
  offsetAddress,
  PAGE_SIZE,
  type PhysicalMemory,
  readBytes,
  type VirtualAddress,
} from '@osi-linux/core';
import { safeParseKeyFile } from '@osi-linux/kconf';
import { BytesSource, type Dump, openDump } from '@osi-linux/memory';
import { PlantedMemory, PlantedTables } from '@osi-linux/test-fixtures/damage';
import { writeVmcoreinfoNote } from '@osi-linux/test-fixtures/kernel-image';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { describe, expect, it } from 'vitest';
import { type Guest, openGuest } from '../guest';
import { identifyGuest } from '../identity';

// A process of the guest writes page tables and a VMCOREINFO note into its own memory: the note is longer than the
// kernel's, the tables are the kernel's but for a few pages. In them one process has another name, one is not in the
// list, and the tables themselves are where the kernel has its own.

const SPARE_PAGES = 64;
const EVIL = new TextEncoder().encode('evil\0');
const IMAGE = 0xffffffff80000000n;

/** A dump that names no page tables, but by registers. */
function dumpOf(memory: PhysicalMemory, cpus: Dump['cpus'] = []): Dump {
  return { format: 'raw', memory, cpus, findings: [], close: () => undefined };
}

/** Room for pages of a process, between those that were recorded. */
function spareMemory(memory: PhysicalMemory): PlantedMemory {
  const { ranges } = memory;
  const before = ranges.find(({ end }, index) => {
    const next = ranges[index + 1];
    return next !== undefined && next.start - end >= SPARE_PAGES * PAGE_SIZE && end > 0x1000000;
  });
  return new PlantedMemory(memory, before?.end ?? 0, SPARE_PAGES);
}

/** The pages of the kernel that the process replaces, by their virtual addresses. */
function forgedPages({ linux, profile }: Guest): Map<VirtualAddress, Uint8Array> {
  const { info, memory } = profile.kernel;
  const { 'task.comm_offset': comm = 0, 'task.tasks_offset': tasks = 0 } = info;
  const pages = new Map<VirtualAddress, Uint8Array>();
  const write = (address: VirtualAddress, bytes: Uint8Array) => {
    const page = address & ~0xfffn;
    const copy = pages.get(page) ?? readBytes(memory, page, PAGE_SIZE);
    copy.set(bytes, Number(address - page));
    pages.set(page, copy);
  };
  const pointer = (address: VirtualAddress) => new Uint8Array(BigUint64Array.of(address).buffer);
  const [renamed, before, gone, after] = linux
    .getProcesses()
    .slice(20, 24)
    .map(({ taskd }) => taskd);
  if (!renamed || !before || !gone || !after) throw new Error('too few processes');
  write(offsetAddress(renamed, comm), EVIL);
  write(offsetAddress(before, tasks), pointer(offsetAddress(after, tasks)));
  write(offsetAddress(after, tasks + 8), pointer(offsetAddress(before, tasks)));
  return pages;
}

function plant(genuine: Guest): PlantedMemory {
  const { profile, dump } = genuine;
  const { form, root } = profile.root;
  const memory = spareMemory(dump.memory);
  const planted = new PlantedTables(memory, form.name, root);
  for (const [page, bytes] of forgedPages(genuine)) planted.shadow(page, bytes);
  const swapper = profile.kernel.info['kernel.swapper_pg_dir_addr'] ?? 0n;
  planted.lead(swapper & ~0xfffn, planted.root / PAGE_SIZE);
  const note = [
    'OSRELEASE=6.6.6-evil',
    `SYMBOL(swapper_pg_dir)=${swapper.toString(16)}`,
    `NUMBER(phys_base)=${BigInt(planted.root) - (swapper - IMAGE)}`,
    `NUMBER(pgtable_l5_enabled)=${form.name === '5-level' ? 1 : 0}`,
    `PADDING=${'x'.repeat(3000)}`,
  ];
  const page = new Uint8Array(PAGE_SIZE);
  page.set(writeVmcoreinfoNote(`${note.join('\n')}\n`));
  memory.plant(page);
  return memory;
}

/** The section of a boot that KASLR moved elsewhere: its page tables are not at the address that it has. */
function ofAnotherBoot(section: string): string {
  return section.replaceAll(/^#.*\n/gm, '').replaceAll(/(_addr = )(18446744\d{12})$/gm, (_, key, value) => {
    return `${key}${BigInt(value) - 0x200000n}`;
  });
}

describe.each(['debian-12-amd64', 'debian-12-amd64-5-level'])(
  'page tables that a process of %s planted',
  (name) => {
    const { dumpFile, kconfFile } = readRecordedGuest(name);
    const recorded = openDump(new BytesSource(new Uint8Array(readFileSync(dumpFile))));
    const section = readFileSync(kconfFile, 'utf8');
    const keyFile = safeParseKeyFile(ofAnotherBoot(section)).file;
    const genuine = openGuest(dumpOf(recorded.memory), { keyFile: safeParseKeyFile(section).file });
    const rowsOf = ({ linux }: Guest) => linux.getProcesses().map(({ pid, name: comm }) => [pid, comm]);
    const disagreements = ({ linux }: Guest) =>
      linux.getProcesses().skipped.filter(({ subject }) => subject.kind === 'page-tables');
    const memory = plant(genuine);

    it('do not decide a listing, and are named', () => {
      const guest = openGuest(dumpOf(memory), { keyFile });
      expect(guest.profile.root.root).toBe(genuine.profile.root.root);
      expect(rowsOf(guest)).toEqual(rowsOf(genuine));
      const [named, ...others] = disagreements(guest);
      expect(others).toEqual([]);
      expect(named?.reason.code).toBe('PAGE_TABLES_DISAGREE');
      expect(named?.reason.fields).toMatchObject({ root: genuine.profile.root.root });
      const { findings } = identifyGuest(dumpOf(memory), { keyFile });
      expect(findings.filter(({ what }) => what === 'page-table-rival')).toHaveLength(1);
    });

    it('are not looked for if the dump has registers', () => {
      const guest = openGuest(dumpOf(memory, recorded.cpus), { keyFile });
      expect(rowsOf(guest)).toEqual(rowsOf(genuine));
      expect(disagreements(guest)).toEqual([]);
    });

    it('are not found in a guest that is honest', () => {
      const guest = openGuest(dumpOf(recorded.memory), { keyFile });
      expect(rowsOf(guest)).toEqual(rowsOf(genuine));
      expect(guest.profile.root.rivals).toEqual([]);
    });
  },
);
