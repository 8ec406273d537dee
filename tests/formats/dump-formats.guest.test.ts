import { copyFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identifyGuest, openGuest } from '@osi-linux/guest';
import { findKernelInfoBlock, formatSection, safeParseKeyFile } from '@osi-linux/kconf';
import { type Dump, openDump } from '@osi-linux/memory';
import { nodeCodecs, openFileSource } from '@osi-linux/memory/node';
import {
  buildGuest,
  chooseGuests,
  guestSpec,
  parseRegisterValues,
  QEMU_DUMP_FILES,
  type QemuDump,
} from '@osi-linux/test-fixtures/guest-builder';
import {
  copyQemuCore,
  crashRelease,
  drgnTasks,
  makedumpfile,
  makedumpfileForms,
  makedumpfileLog,
  makedumpfileRefilter,
  type PeerRoot,
  peerRoot,
  writeSparseCore,
} from '@osi-linux/test-fixtures/peers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CommandAnswer, peakMemory, runListing } from '../command/osi-linux-command';
import { comparePages, explainNulls } from './dump-comparison';

// One stopped guest, written by QEMU in all of its forms and by makedumpfile in all of its own: the same pages, the
// same listings, the same registers. The files are big, and gone afterwards.

const GUESTS = [
  { row: 'debian-12-amd64', memoryMiB: 192, forms: /./ },
  { row: 'debian-11-686-pae', memoryMiB: 256, forms: /^(LZO|ELF|a split set|zlib of .*|ELF of .*)$/ },
] as const;
const DUMPS: readonly QemuDump[] = ['elf-paging', 'kdump', 'stream'];
const LISTINGS = [
  'ps',
  'threads',
  'current',
  'sockets',
  'modules',
  'dmesg',
  'maps',
  'files',
  'env',
  'mounts',
];
/** The facts that a form without registers lacks. */
const OF_REGISTERS = 'current';
/**
 * With `paging` QEMU writes the memory that the kernel maps, and the firmware's tables at the end of RAM it
 * need not map.
 */
const FIRMWARE_FRAMES = 64;
const ZERO_PAGES = 1;
const ALL_BUT_KERNEL = 31;
const SPARSE_BYTES = 64 * 2 ** 30;
const PEAK_BYTES = 150e6;
/** No process of Node takes less: so one was measured. */
const LEAST_BYTES = 30e6;

describe.each(GUESTS)('one stopped $row in every form', ({ row, memoryMiB, forms }) => {
  const [guest] = chooseGuests(row);
  if (guest === undefined) throw new Error(`no guest ${row}`);
  const { name: _, ...spec } = guestSpec(guest);
  const parent = join(tmpdir(), `osi-linux-formats-${process.pid}-${row}`);
  const folder = join(parent, 'guest');
  const conf = join(parent, 'kernelinfo.conf');
  const frames = (memoryMiB * 1024 * 1024) / 4096;
  const answers = new Map<string, CommandAnswer>();
  let section = '';
  let peers: PeerRoot;
  let reference: Dump;
  let opened: Dump[] = [];

  const open = (...names: readonly string[]): Dump => {
    const [first, ...parts] = names.map((name) => openFileSource(join(folder, name)));
    if (first === undefined) throw new Error('no file');
    const dump = openDump(first, { parts, codecs: nodeCodecs });
    opened.push(dump);
    return dump;
  };
  const ask = (listing: string, dump: string) =>
    runListing([listing, join(folder, dump), '--kconf-file', conf, '--kconf-group', row, '--json']);
  const rowsOf = (listing: string) =>
    JSON.parse(answers.get(listing)?.out ?? '') as Record<string, unknown>[];
  const taskLayout = () => {
    const offset = (key: string) => Number(new RegExp(`^${key} = (\\d+)$`, 'm').exec(section)?.[1]);
    return {
      'task.tasks_offset': offset('task.tasks_offset'),
      'task.pid_offset': offset('task.pid_offset'),
      'task.comm_offset': offset('task.comm_offset'),
    };
  };
  const expectListings = async (file: string, listings: readonly string[]) => {
    for (const listing of listings) {
      const { out, exitCode } = await ask(listing, file);
      expect({ listing, exitCode }).toEqual({ listing, exitCode: answers.get(listing)?.exitCode });
      expect(out === answers.get(listing)?.out, listing).toBe(true);
    }
  };

  beforeAll(async () => {
    mkdirSync(parent);
    await buildGuest({ ...spec, memoryMiB, vmcoreinfo: true, dumps: DUMPS }, { folder });
    peers = await peerRoot(spec.arch);
    const block = findKernelInfoBlock(readFileSync(join(folder, 'dmesg.log')));
    const lines = block.lines.map(({ text }) => text);
    section = formatSection(row, lines);
    writeFileSync(conf, section);
    await copyQemuCore(join(folder, 'dump.elf'), join(folder, 'core.elf'));
    reference = open('dump.elf');
    opened = [];
    for (const listing of LISTINGS) answers.set(listing, await ask(listing, 'dump.elf'));
  });

  afterEach(() => {
    for (const dump of opened) dump.close();
    opened = [];
  });

  afterAll(() => {
    reference?.close();
    rmSync(parent, { recursive: true });
  });

  it('is answered, and has VMCOREINFO and as many processors as it had', () => {
    expect(reference.vmcoreinfo).toContain('OSRELEASE=');
    expect(reference.cpus).toHaveLength(spec.cpus);
    for (const listing of LISTINGS) expect(rowsOf(listing).length, listing).toBeGreaterThan(1);
  });

  it.each(['raw', ...DUMPS] as const)('is the same by QEMU as %s', async (form) => {
    const file = QEMU_DUMP_FILES[form];
    const compared = frames - (form === 'elf-paging' ? FIRMWARE_FRAMES : 0);
    expect(comparePages(reference, open(file), compared)).toEqual({
      same: compared,
      different: [],
      holes: {},
    });
    await expectListings(
      file,
      LISTINGS.filter((listing) => form !== 'raw' || listing !== OF_REGISTERS),
    );
  });

  it.each(['elf', ...DUMPS] as const)('has the registers of QEMU in %s', (form) => {
    const { cpus } = open(QEMU_DUMP_FILES[form]);
    const told = parseRegisterValues(readFileSync(join(folder, 'registers.txt'), 'utf8'));
    expect(cpus.map(({ index }) => index)).toEqual(told.map((_, index) => index));
    for (const [index, values] of told.entries()) {
      const registers: Readonly<Record<string, bigint | undefined>> = cpus[index]?.registers ?? {};
      const general = [...values.keys()].filter((name) => /^([ER]..|R\d+|CR\d)$/.test(name));
      expect(general.length).toBeGreaterThan(12);
      for (const name of [...general, 'FS', 'GS']) {
        const ours = { FS: 'fs_base', GS: 'gs_base', EFL: 'rflags', RFL: 'rflags' }[name];
        const key = ours ?? name.toLowerCase().replace(/^e/, 'r');
        expect({ [key]: registers[key] }).toEqual({ [key]: values.get(name) });
      }
    }
  });

  it('leads by what processors enter the kernel at into its image, in the stream', () => {
    const { findings } = identifyGuest(open(QEMU_DUMP_FILES.stream), {});
    const entries = findings.filter(({ what }) => what === 'kernel-entry').map(({ evidence }) => evidence);
    const call =
      spec.arch === 'amd64'
        ? 'LSTAR of cpu 0 leads there, into the image; its symbols call it entry_SYSCALL_64'
        : 'IA32_SYSENTER_EIP of cpu 0 leads there, into the image; its symbols call it entry_SYSENTER_32';
    expect(entries).toEqual([
      'the page fault of the IDT of cpu 0 leads there, into the image; its symbols call it asm_exc_page_fault',
      'the divide error of the IDT of cpu 0 leads there, into the image; its symbols call it asm_exc_divide_error',
      call,
    ]);
  });

  it.runIf(spec.arch === 'amd64').each(['elf', ...DUMPS] as const)(
    'has the kernel GS base of QEMU in %s',
    (form) => {
      const told = readFileSync(join(folder, 'kernel-gs.txt'), 'utf8').trim().split('\n');
      expect(new Set(told).size).toBe(spec.cpus);
      const bases = open(QEMU_DUMP_FILES[form]).cpus.map(({ registers }) => registers['kernel_gs_base']);
      expect(bases.map((base) => base?.toString(16))).toEqual(told);
    },
  );

  it.each(makedumpfileForms(spec.arch).filter(({ name }) => forms.test(name)))(
    'is the same by makedumpfile as $name',
    async (form) => {
      const files = await makedumpfile(peers, folder, 'core.elf', form);
      const dump = open(...files);
      const pages = comparePages(reference, dump, frames, form.level === ZERO_PAGES);
      const excluded = pages.holes['PAGE_EXCLUDED'] ?? 0;
      expect(pages).toEqual({
        same: frames - excluded,
        different: [],
        holes: excluded === 0 ? {} : { PAGE_EXCLUDED: excluded },
      });
      // Of zero pages the compressed form has one, to which all of them point.
      expect(excluded > frames / 100).toBe(form.level > (form.options.includes('-E') ? 0 : ZERO_PAGES));
      expect(dump.cpus).toEqual(reference.cpus);
      expect(dump.vmcoreinfo).toBe(reference.vmcoreinfo);
      if (files.length > 1) {
        const keyFile = safeParseKeyFile(section).file;
        const processes = openGuest(dump, { keyFile, kconfGroup: row }).osi.getProcesses();
        expect(processes.map(({ pid, name }) => ({ pid, name }))).toEqual(
          rowsOf('ps').map(({ pid, name }) => ({ pid, name })),
        );
      } else if (form.level < ALL_BUT_KERNEL && excluded === 0) {
        await expectListings(files[0] ?? '', LISTINGS);
      } else {
        for (const listing of LISTINGS) {
          const { out, err } = await ask(listing, files[0] ?? '');
          expect(explainNulls(answers.get(listing)?.out ?? '', out, err), listing).toEqual([]);
        }
      }
    },
  );

  it('is read by makedumpfile, which refuses one that is cut off', async () => {
    const log = await makedumpfileLog(peers, folder, 'core.elf');
    expect(log).toMatch(guest.logSays);
    expect(await makedumpfileRefilter(peers, folder, 'core.elf')).toMatch(/Completed/);
    await copyQemuCore(join(folder, 'dump.elf'), join(folder, 'cut.elf'));
    truncateSync(join(folder, 'cut.elf'), 64);
    await expect(makedumpfileLog(peers, folder, 'cut.elf')).rejects.toThrow('makedumpfile');
  });

  it.runIf(spec.arch === 'amd64')('is read by drgn and crash', async () => {
    const ours = rowsOf('ps').map(({ taskd, pid }) => `${pid} ${taskd}`);
    const tasks = await drgnTasks(peers, folder, 'dump.elf', taskLayout());
    expect(tasks.map(({ pid, address }) => `${pid} 0x${address.toString(16)}`)).toEqual(ours);
    expect(await crashRelease(peers, folder, 'core.elf')).toBe(
      /^OSRELEASE=(.*)$/m.exec(reference.vmcoreinfo ?? '')?.[1],
    );
    await expect(crashRelease(peers, folder, 'kernel-gs.txt')).rejects.toThrow('crash');
  });

  it.each(['kdump', 'elf'] as const)(
    'is read by other programs as osi-linux export writes it: %s',
    async (format) => {
      const words = ['--kconf-file', conf, '--kconf-group', row, '--force', '--format', format];
      const write = (name: string, pages: string) =>
        runListing(['export', join(folder, 'dump.elf'), join(folder, name), pages, ...words]);
      expect((await write('export.all', '--all')).exitCode).toBe(0);
      await write('export.touched', '--touched');
      expect(comparePages(reference, open('export.all'), frames)).toEqual({
        same: frames,
        different: [],
        holes: {},
      });
      await expectListings('export.all', LISTINGS);
      await expectListings('export.touched', LISTINGS);
      // Of 32-bit guests makedumpfile reads only cores with virtual addresses, not even the kdump that it wrote itself.
      if (spec.arch !== 'amd64') return;
      expect(await makedumpfileLog(peers, folder, 'export.all')).toMatch(guest.logSays);
      const release = /^OSRELEASE=(.*)$/m.exec(reference.vmcoreinfo ?? '')?.[1];
      for (const name of ['export.all', 'export.touched'])
        expect(await crashRelease(peers, folder, name)).toBe(release);
      const ours = rowsOf('ps').map(({ taskd, pid }) => `${pid} ${taskd}`);
      const tasks = await drgnTasks(peers, folder, 'export.all', taskLayout());
      expect(tasks.map(({ pid, address }) => `${pid} 0x${address.toString(16)}`)).toEqual(ours);
    },
  );

  it.each(['elf', 'raw'] as const)(
    'is listed in little memory when 64 GiB of holes make it big, as %s',
    async (form) => {
      const [small, big] = [QEMU_DUMP_FILES[form], `sparse.${form}`].map((name) => join(folder, name));
      if (small === undefined || big === undefined) return;
      if (form === 'elf') await writeSparseCore(small, big, SPARSE_BYTES);
      else {
        copyFileSync(small, big);
        truncateSync(big, SPARSE_BYTES);
      }
      const words = ['ps', big, '--kconf-file', conf, '--kconf-group', row, '--json'];
      const { out, bytes } = peakMemory(words);
      expect(out).toBe(answers.get('ps')?.out);
      expect(bytes).toBeGreaterThan(LEAST_BYTES);
      expect(bytes).toBeLessThan(PEAK_BYTES);
      rmSync(big);
    },
  );
});
