import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createListing, formatSubject, OsiError, type Subject } from '@osi-linux/core';
import type { Guest } from '@osi-linux/guest';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { afterAll, describe, expect, it } from 'vitest';
import { ExitCode } from '../../terminal/exit-code';
import type { Io } from '../../terminal/io';
import { createProgram } from '../program';
import { formatOsiTest } from './test';

const RULE = '-------------------------------------------------';
const process = (pid: number | null, ppid: number | null, name: string | null) => ({ pid, ppid, name });
const missing = new OsiError('PAGE_NOT_PRESENT', 'page not present');

interface Given {
  readonly wordSize?: 4 | 8;
  readonly processes?: readonly object[];
  readonly current?: (cpu: number) => object;
  readonly mappings?: (process: { pid: number } | null) => object[];
  readonly modules?: () => object[];
  readonly cpus?: readonly number[];
}

/** A guest with only the parts that osi_test reads. */
function guestOf({ wordSize = 8, processes = [], current, mappings, modules, cpus = [0] }: Given): Guest {
  const osi = {
    getProcesses: () => createListing(processes, []),
    getCurrentProcess: (cpu: number) => ({ ...current?.(cpu), skipped: [] }),
    getMappings: (of: never) => createListing(mappings?.(of) ?? [], []),
    getModules: () => createListing(modules?.() ?? [], []),
  };
  const linux = { onlineCpus: () => cpus, requireOnline: (cpu: number) => cpu };
  return { osi, linux, memory: { architecture: { wordSize } } } as never;
}

const shell = process(812, 1, 'sh');

describe('osi-linux test', () => {
  it('prints byte for byte what osi_test prints', () => {
    const mappings = [
      { base: 0x400000n, size: 4096, name: 'busybox', file: '/bin/busybox' },
      {
        base: 0x7f0000000000n,
        size: 8192,
        name: 'a library of a long name.so',
        file: '/lib/a library of a long name.so',
      },
      { base: 0x7f0000010000n, size: 1, name: 'x', file: '/tmp/x (deleted)' },
      { base: 0x7f0000020000n, size: 1, name: 'b (deleted)', file: '/tmp/b (deleted)' },
      { base: 0x7f0000030000n, size: 1, name: '[heap]', file: null },
      { base: 0x7f0000040000n, size: 1, name: '[vdso]', file: null },
      { base: 0x7ffe00000000n, size: 135168, name: '[stack]', file: null },
    ];
    const { text, skipped } = formatOsiTest(
      guestOf({
        processes: [process(0, 0, 'swapper/0'), shell, process(900, 812, 'Web Content'), process(7, 1, 'é')],
        current: () => shell,
        mappings: () => mappings,
        modules: () => [{ base: 0xffffffffc0000000n, size: 20480, name: 'ext4' }],
      }),
      undefined,
    );
    expect(text.replaceAll('\t', '»')).toBe(`Current process: sh PID:812 PPID:1

Process list (4 procs):
  swapper/0       »0»0
  sh              »812»1
  Web Content     »900»812
  é              »7»1

${RULE}

Dynamic libraries list (7 libs):
»0x0000000000400000»4096»busybox                  /bin/busybox
»0x00007f0000000000»8192»a library of a long name.so /lib/a library of a long name.so
»0x00007f0000010000»1»x                        /tmp/x
»0x00007f0000020000»1»b (deleted)              /tmp/b (deleted)
»0x00007f0000030000»1»[heap]                   (null)
»0x00007f0000040000»1»[???]                    (null)
»0x00007ffe00000000»135168»[stack]                  (null)

Kernel module list (1 modules):
»0xffffffffc0000000»20480»ext4                     (null)

${RULE}

`);
    expect(skipped).toEqual([]);
  });

  it('prints the addresses of a 32-bit guest with eight digits, and sizes as its int', () => {
    const { text } = formatOsiTest(
      guestOf({
        wordSize: 4,
        current: () => shell,
        mappings: () => [{ base: 0x8048000n, size: 0x80000000, name: 'sh', file: '/bin/sh' }],
      }),
      undefined,
    );
    expect(text).toContain('\t0x08048000\t-2147483648\tsh ');
  });

  it('prints a block for each processor, or for the one that is wanted', () => {
    const guest = guestOf({ cpus: [0, 2], current: (cpu) => process(100 + cpu, 1, `on ${cpu}`) });
    expect(formatOsiTest(guest, undefined).text.match(/^Current process: .*$/gm)).toEqual([
      'Current process: on 0 PID:100 PPID:1',
      'Current process: on 2 PID:102 PPID:1',
    ]);
    expect(formatOsiTest(guest, 2).text.match(/^Current process: .*$/gm)).toHaveLength(1);
  });

  it('says what an idle processor and a kernel without modules have', () => {
    const { text } = formatOsiTest(guestOf({ current: () => process(0, 0, 'swapper/1') }), undefined);
    expect(text).toBe(`Current process: N/A PID:0 PPID:0

Process list not available.

${RULE}

No mapped dynamic libraries.

No mapped kernel modules.

${RULE}

`);
  });

  it('does not speak of what it would not have printed', () => {
    const guest = guestOf({ processes: [shell], current: () => shell });
    const fields = ['cmdline', 'euid', 'name'].map(
      (field): Subject => ({ kind: 'process', pid: 812, field }),
    );
    const list: Subject = { kind: 'list', name: 'task_struct.tasks' };
    const skipped = [...fields, list].map((subject) => ({ subject, reason: missing }));
    const getProcesses = () => createListing([shell], skipped);
    const answer = formatOsiTest({ ...guest, osi: { ...guest.osi, getProcesses } } as never, undefined);
    expect(answer.skipped.map(({ subject }) => formatSubject(subject))).toEqual([
      'pid 812: name',
      'task_struct.tasks',
    ]);
  });

  it('goes on where something cannot be read, and names it once', () => {
    const guest = guestOf({
      cpus: [0, 1],
      processes: [process(5, null, null)],
      current: () => {
        throw missing;
      },
      modules: () => {
        throw missing;
      },
    });
    const { text, skipped } = formatOsiTest(guest, undefined);
    expect(text.match(/Cannot get current process details\./g)).toHaveLength(2);
    expect(text).toContain('  N/A             \t5\t4294967295\n');
    expect(skipped.map(({ subject }) => formatSubject(subject))).toEqual([
      'kernel modules',
      'cpu 0: current process',
      'cpu 1: current process',
    ]);
  });
});

describe('on a recorded guest', () => {
  const folder = mkdtempSync(join(tmpdir(), 'osi-linux-test-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const { dumpFile, kconfFile, manifest } = readRecordedGuest('debian-12-amd64');

  async function run(args: readonly string[], columns?: number) {
    let out = '';
    const io: Io = {
      out: (data) => {
        out += String(data);
      },
      err: () => undefined,
      columns,
      colour: false,
      environment: { XDG_CONFIG_HOME: folder },
      exitCode: ExitCode.Complete,
    };
    await createProgram(io).parseAsync(['node', 'osi-linux', ...args]);
    return out;
  }

  it('the output has a block for each processor, and normalises to the rows of ps', async () => {
    const source = [dumpFile, '--kconf-file', kconfFile];
    const text = await run(['test', ...source]);
    expect(text.match(/^Current process: .+ PID:\d+ PPID:\d+$/gm)).toHaveLength(manifest.cpus);
    const rows = JSON.parse(await run(['ps', ...source, '--json'])) as {
      name: string;
      pid: number;
      ppid: number;
    }[];
    const file = join(folder, 'output.txt');
    writeFileSync(file, text);
    const [, first] = (await run(['normalize', file])).split(/^\*{3}\d{4}\*{33}\n/m);
    const padded = (name: string) => name.replace(/ +$/, '');
    expect(first).toBe(rows.map(({ name, pid, ppid }) => `${padded(name)} ${pid} ${ppid}\n`).join(''));
  });

  it('the output has raw names for a program, and escaped ones on a terminal', async () => {
    const source = ['test', dumpFile, '--kconf-file', kconfFile, '--cpu', '0'];
    const [raw, shown] = [await run(source), await run(source, 80)];
    expect(raw).toContain('\x1b[31m');
    expect(shown).toContain('\\x1b[31m');
    expect(shown).not.toMatch(/[\x00-\x08\x0b-\x1f]/);
  });
});
