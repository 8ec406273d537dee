import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseTruthRecords } from '../truth/truth-records';
import { GUEST_SOURCES, type GuestKit, guestKit, KERNELINFO_SOURCES } from './guest-kit';
import { guestsOfThisRun } from './guest-table';
import { Machine } from './machine';
import { findModuleWarnings } from './module-warnings';

/** The kernels of the chosen guests, each once, and the keys that each has no answer to. */
const kernels = guestsOfThisRun().filter(
  (guest, at, all) =>
    all.findIndex(
      ({ suite, arch, kernelPackage }) =>
        suite === guest.suite && arch === guest.arch && kernelPackage === guest.kernelPackage,
    ) === at,
);

/** What every out-of-tree module without a signature makes the kernel say. */
const TAINT = /loading out-of-tree module taints kernel|module verification failed/;

/** What a busy host makes the emulated timer late by; the module has no part in it. */
const LATE_TIMER = /hrtimer: interrupt took \d+ ns/;

describe.each(kernels)('kernelinfo.ko on $suite $arch $kernelPackage', (spec) => {
  let kit: GuestKit;
  let files: Map<string, string>;
  let stages: Map<string, string[]>;

  beforeAll(async () => {
    kit = await guestKit(spec);
    files = await runModuleGuest(kit);
    stages = splitStages(files.get('/run/dmesg-raw.log') ?? '');
  });

  it('is compiled without a warning', () => {
    expect(findModuleWarnings(kit.kernelinfo.output)).toEqual([]);
    expect(kit.kernelinfo.output).toMatch(/^ {2}CC \[M\]/m);
  });

  it('says that the operation is not permitted, every time, and does not stay loaded', () => {
    const messages = (files.get('/run/results') ?? '')
      .split('\n')
      .filter((line) => line.startsWith('insmod'));
    expect(messages).toHaveLength(2 + 1 + 1 + 40);
    for (const message of messages) expect(message).toContain('kernelinfo.ko: Operation not permitted');
    expect(files.get('/run/modules')).not.toMatch(/^kernelinfo /m);
  });

  it('really was without /proc the first time', () => {
    expect(files.get('/run/results')).toMatch(/^BARE-MODULES $/m);
  });

  it('prints the same rows whenever and wherever it is loaded', () => {
    const blocks = ['bare', 'chroot', 'pivot', 'many'].flatMap((name) => splitBlocks(stages.get(name) ?? []));
    expect(blocks).toHaveLength(44);
    expect(new Set(blocks)).toEqual(new Set([blocks[0]]));
  });

  it('finds the private members of struct mount', () => {
    const [block = ''] = splitBlocks(stages.get('bare') ?? []);
    expect(block).toMatch(/^path\.mnt_parent_offset = -\d+$/m);
    expect(block).toMatch(/^path\.mnt_mountpoint_offset = -\d+$/m);
    expect(block).not.toContain('missing');
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
    expect(keysOfSource().filter((key) => !printed.has(key))).toEqual(spec.absentKeys);
  });

  it('leaves nothing mounted or held', () => {
    expect(files.get('/run/mounts-after')).toBe(files.get('/run/mounts-before'));
    expect(files.get('/run/number-after')).toBe(files.get('/run/number-before'));
    expect(files.get('/run/results')).not.toContain('HELD');
  });

  it('makes the kernel log no warning but that of every foreign module', () => {
    const log = [...stages.values()].flat();
    const warnings = log.filter((line) => /^<[0-4]>/.test(line) && !LATE_TIMER.test(line));
    const serious = warnings.filter((line) => !TAINT.test(line));
    expect(serious).toEqual([]);
    expect(log.filter((line) => TAINT.test(line)).length).toBeGreaterThan(0);
  });
});

async function runModuleGuest(kit: GuestKit): Promise<Map<string, string>> {
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
    return new Map(records.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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

/** The rows of each block, without priorities and times. */
function splitBlocks(lines: readonly string[]): string[] {
  const text = lines.map((line) => line.replace(/^<\d+>\[[^\]]*\] /, '')).join('\n');
  return [...text.matchAll(/^--KERNELINFO-BEGIN--\n([\s\S]*?)\n---KERNELINFO-END---$/gm)].map(
    ([, rows = '']) => rows,
  );
}
