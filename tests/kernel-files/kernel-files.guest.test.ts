import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findKernelInfoBlock, findSchemaRow } from '@osi-linux/kconf';
import { unpackBytes } from '@osi-linux/memory';
import { openFileSource } from '@osi-linux/memory/node';
import { findBootImage } from '@osi-linux/symbols';
import { buildGuest, guestSpec, guestsOfThisRun, kernelImage } from '@osi-linux/test-fixtures/guest-builder';
import { parseTruthRecords } from '@osi-linux/test-fixtures/truth';
import { writeIsf } from '@osi-linux/test-fixtures/type-writers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// The section from the files of a kernel, by the command as it is installed, compared with the module's
// output in the guest that runs this kernel, and used on the guest's memory in the place of the module's
// section.

const command = fileURLToPath(new URL('../../tools/cli/dist/osi-linux.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'kernel-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The keys that each boot decides: where RAM and its map lie, and with how many levels of page tables. */
const OF_THE_BOOT = ['kernel.page_offset_addr', 'kernel.pgtable_levels', 'kernel.phys_base'];
const PER_CPU_OFFSET = 'task.per_cpu_offset_0_addr';
/** Where Debian links its kernels: CONFIG_PHYSICAL_START is 16 MiB. */
const LINKED = 0xffffffff81000000n;

function osiLinux(...args: string[]): { out: string; err: string; status: number } {
  try {
    const out = execFileSync('node', [command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 28,
    });
    return { out: out.toString(), err: '', status: 0 };
  } catch (error) {
    const { stdout, stderr, status } = error as { stdout: Buffer; stderr: Buffer; status: number };
    return { out: stdout.toString(), err: stderr.toString(), status };
  }
}

/**
 * The keys of a section, and their values, but for those of the boot and those that the module does not print; addresses
 * less the slide of the image.
 */
function valuesOf(lines: readonly string[], slide: bigint): Map<string, string> {
  const entries = lines.flatMap((line) => {
    const [, key = '', value = ''] = /^([\w.]+) = (.*)$/.exec(line) ?? [];
    const isLeftOut = OF_THE_BOOT.includes(key) || key === PER_CPU_OFFSET || findSchemaRow(key)?.typesAlone;
    return key === '' || isLeftOut ? [] : [[key, value] as const];
  });
  return new Map(
    entries.map(([key, value]) => {
      const inImage = findSchemaRow(key)?.kind === 'address' && BigInt(value) >= LINKED;
      return [key, inImage ? String(BigInt(value) - slide) : value];
    }),
  );
}

describe.each(guestsOfThisRun().filter(({ arch }) => arch === 'amd64'))('the kernel of $name', (row) => {
  const own = join(folder, row.name);
  const conf = join(own, 'kernelinfo.conf');
  let guest = '';
  let kallsyms = '';
  let version = '';
  let module: readonly string[] = [];
  /** By how much KASLR moved this boot. */
  let slide = 0n;

  beforeAll(async () => {
    guest = await buildGuest(guestSpec(row));
    mkdirSync(own);
    module = findKernelInfoBlock(readFileSync(join(guest, 'dmesg.log'))).lines.map(({ text }) => text);
    const { records } = parseTruthRecords(readFileSync(join(guest, 'truth')));
    const record = (path: string) =>
      Buffer.from(records.find((each) => each.path === path)?.bytes ?? []).toString('latin1');
    [kallsyms, version] = [record('/proc/kallsyms'), record('/proc/version')];
    const text = /^([0-9a-f]{16}) T _text$/m.exec(kallsyms)?.[1];
    slide = BigInt(`0x${text}`) - LINKED;
    await writeFiles();
  });

  /** Vmlinuz is the kernel's own; the rest is made of it. */
  async function writeFiles(): Promise<void> {
    const { vmlinuz } = await kernelImage(guestSpec(row));
    writeFileSync(join(own, 'vmlinuz'), readFileSync(vmlinuz));
    const source = openFileSource(vmlinuz);
    const image = findBootImage(source);
    if (image === undefined) throw new Error(`${vmlinuz} is no boot image`);
    const payload = new Uint8Array(image.payloadSize - 4);
    source.read(image.payloadAt, payload);
    source.close();
    const vmlinux = unpackBytes(payload, { most: 1 << 30 });
    writeFileSync(join(own, 'vmlinux'), vmlinux);
    const sections = execFileSync('readelf', ['-SW', join(own, 'vmlinux')]).toString();
    const [, at, size] = / \.BTF +PROGBITS +[0-9a-f]+ ([0-9a-f]+) ([0-9a-f]+)/.exec(sections) ?? [];
    const start = Number.parseInt(at ?? '', 16);
    writeFileSync(join(own, 'btf'), vmlinux.subarray(start, start + Number.parseInt(size ?? '', 16)));
    writeFileSync(join(own, 'kallsyms'), kallsyms);
    writeSymbolsForVolatility();
  }

  function writeSymbolsForVolatility(): void {
    const dump = ['btf', 'dump', 'file', join(own, 'vmlinux'), 'format', 'raw', '-j'];
    const { types } = JSON.parse(execFileSync('bpftool', dump, { maxBuffer: 1 << 28 }).toString());
    const addresses = [...kallsyms.matchAll(/^([0-9a-f]{16}) \S (\S+)$/gm)].map(([, address, name = '']) => {
      const value = BigInt(`0x${address}`);
      return [name, value >= LINKED ? value - slide : value] as const;
    });
    writeFileSync(join(own, 'isf'), writeIsf(types, { addresses, banner: version }));
    execFileSync('xz', ['-1', join(own, 'isf')]);
  }

  /** Derives a section into the key file of this kernel; by how much its addresses are moved. */
  const sources: readonly (readonly [string, () => { words: string[]; moved: bigint }])[] = [
    ['vmlinuz', () => ({ words: [], moved: 0n })],
    ['vmlinux', () => ({ words: [], moved: 0n })],
    ['btf', () => ({ words: ['--symbols', join(own, 'kallsyms'), '--banner', version], moved: slide })],
    ['isf.xz', () => ({ words: [], moved: 0n })],
  ];

  it.each(sources)('is told by %s as the module printed it', (file, options) => {
    const { words, moved } = options();
    const derived = osiLinux('kconf', 'derive', join(own, file), ...words, '--group', file, '--output', conf);
    expect(derived).toEqual({ out: expect.stringMatching(/^added /), err: '', status: 0 });
    const shown = JSON.parse(osiLinux('kconf', 'show', conf, file, '--raw', '--json').out)[file];
    const lines = Object.entries(shown).map(([key, value]) => `${key} = ${value}`);
    expect(valuesOf(module, slide).size).toBeGreaterThan(190);
    expect(valuesOf(lines, moved)).toEqual(valuesOf(module, slide));
    expect(shown[PER_CPU_OFFSET]).toBe('0');
    for (const key of OF_THE_BOOT) expect(shown).not.toHaveProperty([key]);
    expect(osiLinux('kconf', 'check', conf, file, '--strict').out).toBe('no findings\n');
  });

  it.each(['dump.elf', 'dump.raw'])('is read from %s as with the section of the module', (dump) => {
    const ofModule = join(own, 'module.conf');
    writeFileSync(ofModule, ['[module]', ...module, ''].join('\n'));
    const ask = (file: string, group: string) => {
      const words = ['--kconf-file', file, '--kconf-group', group, '--json'];
      const { out, ...rest } = osiLinux('ps', join(guest, dump), ...words);
      // The work in the titles of workers is known by types alone.
      const rows = (JSON.parse(out) as { title?: string }[]).map(({ title: _title, ...row }) => row);
      return { rows, ...rest };
    };
    const expected = ask(ofModule, 'module');
    expect(expected.rows.length).toBeGreaterThan(20);
    for (const [file] of sources) expect(ask(conf, file), file).toEqual(expected);
  });
});
