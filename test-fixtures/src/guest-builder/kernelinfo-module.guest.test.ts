import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findSchemaRow, type SchemaRow } from '@osi-linux/kconf';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseTruthRecords } from '../truth/truth-records';
import { Btf } from './btf';
import { GUEST_SOURCES, type GuestKit, guestKit, KERNELINFO_SOURCES } from './guest-kit';
import { guestsOfThisRun } from './guest-table';
import { Machine } from './machine/machine';
import { findModuleWarnings } from './module-warnings';

/** The kernels of the chosen guests, each once, and the keys that each has no answer to. */
const kernels = guestsOfThisRun().filter(
  (guest, at, all) =>
    all.findIndex(
      ({ suite, arch, kernelPackage }) =>
        suite === guest.suite && arch === guest.arch && kernelPackage === guest.kernelPackage,
    ) === at,
);

/** The text that the kernel prints for every out-of-tree module without a signature. */
const TAINT = /loading out-of-tree module taints kernel|module verification failed/;

/** The delay of the emulated timer on a busy host; the module has no part in it. */
const LATE_TIMER = /hrtimer: interrupt took \d+ ns/;

/** A private member of threads, which kernels before v5.17 do not have. */
const THREAD_NAME = 'kthread.full_name_offset';

/** Private members of the VFS, which no header shows. */
const PROBED_OFFSETS = [
  ...['path.mnt_parent_offset', 'path.mnt_mountpoint_offset', 'mount.mnt_offset', 'mount.mnt_mounts_offset'],
  ...['mount.mnt_child_offset', 'mount.mnt_devname_offset', 'mount.mnt_id_offset'],
];

describe.each(kernels)('kernelinfo.ko on $suite $arch $kernelPackage', (spec) => {
  let kit: GuestKit;
  let files: Map<string, Uint8Array>;
  let stages: Map<string, string[]>;
  const text = (path: string) => Buffer.from(files.get(path) ?? new Uint8Array(0)).toString('latin1');

  /** Rows of the schema with the module's output for them. */
  function printedRows(): { row: SchemaRow; value: string }[] {
    const [block = ''] = splitBlocks(stages.get('bare') ?? []);
    return block.split('\n').flatMap((line) => {
      const [key = '', value = ''] = line.split(' = ');
      const row = findSchemaRow(key);
      return row === undefined ? [] : [{ row, value }];
    });
  }

  beforeAll(async () => {
    kit = await guestKit(spec);
    files = await runModuleGuest(kit);
    stages = splitStages(text('/run/dmesg-raw.log'));
  });

  it('is compiled without a warning', () => {
    expect(findModuleWarnings(kit.kernelinfo.output)).toEqual([]);
    expect(kit.kernelinfo.output).toMatch(/^ {2}CC \[M\]/m);
  });

  it('says that the operation is not permitted, every time, and does not stay loaded', () => {
    const messages = text('/run/results')
      .split('\n')
      .filter((line) => line.startsWith('insmod'));
    expect(messages).toHaveLength(2 + 1 + 1 + 1 + 40);
    for (const message of messages) expect(message).toContain('kernelinfo.ko: Operation not permitted');
    expect(text('/run/modules')).not.toMatch(/^kernelinfo /m);
  });

  it('really was without /proc the first time', () => {
    expect(text('/run/results')).toMatch(/^BARE-MODULES $/m);
  });

  it('prints the same rows whenever and wherever it is loaded', () => {
    const blocks = ['bare', 'chroot', 'pivot', 'gaps', 'many'].flatMap((name) =>
      splitBlocks(stages.get(name) ?? []),
    );
    expect(blocks).toHaveLength(45);
    expect(new Set(blocks)).toEqual(new Set([blocks[0]]));
  });

  it('finds everything that it looks for at load time', () => {
    const [block = ''] = splitBlocks(stages.get('bare') ?? []);
    expect(block).toMatch(/^path\.mnt_parent_offset = -\d+$/m);
    expect(block).toMatch(/^path\.mnt_mountpoint_offset = -\d+$/m);
    expect(block).not.toContain('missing');
  });

  it("prints the addresses that the kernel's own table of symbols has", () => {
    const symbols = parseSymbols(text('/proc/kallsyms'));
    const wrong = printedRows().filter(({ row, value }) => {
      const addresses = row.kind === 'address' ? symbols.get(row.expression ?? '') : undefined;
      return addresses !== undefined && !addresses.has(BigInt(value));
    });
    expect(wrong).toEqual([]);
    // Debian's kernels of 32 bits list functions alone (CONFIG_KALLSYMS_ALL is off).
    const counts = ['modules', 'special_mapping_vmops', 'prb'].map((name) => symbols.get(name)?.size ?? 0);
    expect(counts).toEqual(spec.arch === 'amd64' ? [1, 1, 1] : [0, 0, 0]);
  });

  it("prints the offsets and sizes of the kernel's own type information, where it has it", () => {
    const bytes = files.get('/sys/kernel/btf/vmlinux');
    // Debian's kernels of 32 bits have none.
    expect(bytes !== undefined).toBe(spec.arch === 'amd64');
    if (bytes === undefined) return;
    const btf = new Btf(bytes);
    const compared = printedRows().flatMap(({ row, value }) => {
      const expected = expectedNumber(btf, row);
      return expected === undefined ? [] : [{ key: row.key, value: Number(value), expected }];
    });
    expect(compared.filter(({ value, expected }) => value !== expected)).toEqual([]);
    const keys = new Set(compared.map(({ key }) => key));
    for (const key of PROBED_OFFSETS) expect(keys.has(key), key).toBe(true);
    expect(keys.has(THREAD_NAME)).toBe(!spec.absentKeys.includes(THREAD_NAME));
    expect(keys.size).toBeGreaterThan(120);
  });

  it('prints its rows in the order of the source, each key once', () => {
    const [block = ''] = splitBlocks(stages.get('bare') ?? []);
    const keys = block.split('\n').map((line) => line.split(' = ')[0]);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toEqual(keysOfSource().filter((key) => keys.includes(key)));
    expect(keys.slice(0, 5)).toEqual([
      'name',
      'version.a',
      'version.b',
      'version.c',
      'task.per_cpu_offsets_addr',
    ]);
  });

  it('leaves out what the kernel does not have, and nothing else', () => {
    const [block = ''] = splitBlocks(stages.get('bare') ?? []);
    const printed = new Set(block.split('\n').map((line) => line.split(' = ')[0] ?? ''));
    const absent = keysOfSource().filter((key) => !printed.has(key));
    expect(absent.sort()).toEqual([...spec.absentKeys].sort());
  });

  it('leaves nothing mounted or held', () => {
    expect(text('/run/mounts-after')).toBe(text('/run/mounts-before'));
    expect(text('/run/number-after')).toBe(text('/run/number-before'));
    expect(text('/run/results')).not.toContain('HELD');
  });

  it('makes the kernel log no warning but that of every foreign module', () => {
    const log = [...stages.values()].flat();
    const warnings = log.filter((line) => /^<[0-4]>/.test(line) && !LATE_TIMER.test(line));
    const serious = warnings.filter((line) => !TAINT.test(line));
    expect(serious).toEqual([]);
    expect(log.filter((line) => TAINT.test(line)).length).toBeGreaterThan(0);
  });
});

async function runModuleGuest(kit: GuestKit): Promise<Map<string, Uint8Array>> {
  const folder = mkdtempSync(join(tmpdir(), 'osi-linux-guest-'));
  const script = readFileSync(join(GUEST_SOURCES, 'init-module.sh'), 'utf8');
  const configuration = { MODULES: kit.modules.map(({ name }) => name).join(' ') };
  try {
    const machine = await Machine.start(
      kit,
      { cpus: 2, memoryMiB: 256, kaslr: true },
      { script, configuration },
      folder,
    );
    try {
      await machine.checkpoint();
    } finally {
      await machine.close();
    }
    const { records } = parseTruthRecords(readFileSync(join(folder, 'truth')));
    return new Map(records.filter(({ kind }) => kind === 'file').map(({ path, bytes }) => [path, bytes]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Symbol -> its addresses, by `/proc/kallsyms`. */
function parseSymbols(text: string): Map<string, Set<bigint>> {
  const symbols = new Map<string, Set<bigint>>();
  for (const [, address = '', name = ''] of text.matchAll(/^([0-9a-f]+) [a-zA-Z] (\S+)$/gm)) {
    symbols.set(name, (symbols.get(name) ?? new Set()).add(BigInt(`0x${address}`)));
  }
  return symbols;
}

/** The value of a row by the kernel's types; members private to a mount are counted from its vfsmount. */
function expectedNumber(btf: Btf, { kind, expression = '', key }: SchemaRow): number | undefined {
  if (kind === 'size') return btf.sizeOf(expression);
  if (kind !== 'offset') return undefined;
  const found = btf.offsetOf(expression);
  if (found !== undefined || !PROBED_OFFSETS.includes(key)) return found;
  const member = btf.offsetOf(expression.replace(/^vfsmount\./, 'mount.'));
  const embedded = btf.offsetOf('mount.mnt');
  return member === undefined || embedded === undefined ? undefined : member - embedded;
}

function splitStages(log: string): Map<string, string[]> {
  const stages = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of log.split('\n')) {
    const name = /OSI-STAGE (\w+)/.exec(line)?.[1];
    if (name === undefined) {
      lines.push(line);
      continue;
    }
    lines = [];
    stages.set(name, lines);
  }
  return stages;
}

/** The key of every row that some kernel can answer. */
function keysOfSource(): string[] {
  const rows = readFileSync(join(KERNELINFO_SOURCES, 'kernelinfo-rows.h'), 'utf8');
  return [...new Set([...rows.matchAll(/^[A-Z_]+\("([^"]+)"/gm)].map((match) => match[1] ?? ''))];
}

/**
 * The rows of each block, without priorities and times. The kernel's own output between two of them does not
 * count: its watchdog of clocks prints if the host is slow.
 */
function splitBlocks(lines: readonly string[]): string[] {
  const text = lines.map((line) => line.replace(/^<\d+>\[[^\]]*\] /, '')).join('\n');
  return [...text.matchAll(/^--KERNELINFO-BEGIN--\n([\s\S]*?)\n---KERNELINFO-END---$/gm)].map(
    ([, block = '']) =>
      block
        .split('\n')
        .filter((line) => line.includes(' = '))
        .join('\n'),
  );
}
