import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { guestKit, Machine } from '@osi-linux/test-fixtures/guest-builder';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../../tools/cli/src/osi-linux/program';
import { ExitCode } from '../../tools/cli/src/terminal/exit-code';
import type { Io } from '../../tools/cli/src/terminal/io';

// A guest that starts 200 short processes again and again, and prints them on its console: the events of
// watch are held against that. Its profile is derived.

const PROCESSES = 200;
const SCRIPT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mkdir -p /proc /dev
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
echo OSI-CHECKPOINT
round=0
while :; do
	sleep 2
	round=$((round + 1))
	echo "OSI-BEGIN $round"
	started=0
	while [ $started -lt ${PROCESSES} ]; do
		/bin/true &
		echo "OSI-PID $!"
		started=$((started + 1))
	done
	wait
	echo "OSI-END $round"
done
`;
const GDB_PORT = 31_000 + (process.pid % 10_000);

const folder = mkdtempSync(join(tmpdir(), 'osi-linux-watch-'));
let machine: Machine;
let socket: string;

beforeAll(async () => {
  const kit = await guestKit({ suite: 'bookworm', arch: 'amd64', kernelPackage: 'linux-image-amd64' });
  const guest = join(folder, 'guest');
  mkdirSync(guest);
  // The machine makes its socket among the temporary files.
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = folder;
  const spec = { cpus: 2, memoryMiB: 256, kaslr: true };
  machine = await Machine.start(kit, spec, { script: SCRIPT, configuration: {} }, guest);
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  await machine.checkpoint();
  await machine.qmp.monitor(`gdbserver tcp:127.0.0.1:${GDB_PORT}`);
  machine.qmp.close();
  socket = join(folder, readdirSync(folder).find((name) => name.startsWith('osi-linux-qmp-')) ?? '', 'qmp');
});
afterAll(async () => {
  await machine?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Row {
  readonly event: string;
  readonly pid: number;
  readonly tid: number;
  readonly taskd: string;
  readonly name: string;
  readonly createTime: number;
}

/** Runs the command line until `isOver`; `begun` is the length of the console at the first event. */
async function watch(args: readonly string[], isOver: (since: string) => boolean) {
  let [out, err] = ['', ''];
  let begun: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  const io: Io = {
    out: (data) => {
      out += String(data);
      begun ??= machine.console().length;
    },
    err: (text) => (err += text),
    columns: undefined,
    colour: false,
    environment: { XDG_CONFIG_HOME: folder },
    onInterrupt: (end) => {
      timer = setInterval(() => begun !== undefined && isOver(machine.console().slice(begun)) && end(), 100);
      return () => clearInterval(timer);
    },
    exitCode: ExitCode.Complete,
  };
  await createProgram(io).parseAsync(['node', 'osi-linux', 'watch', ...args, '--ndjson']);
  const rows = out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row);
  return { rows, err, since: machine.console().slice(begun), exitCode: io.exitCode };
}

/** The text between the beginning and the end of the first round that is whole. */
function round(since: string): string | undefined {
  return /OSI-BEGIN (\d+)\r?\n([\s\S]*?)OSI-END \1\b/.exec(since)?.[2];
}

function pidsOf(text: string): number[] {
  return [...text.matchAll(/OSI-PID (\d+)\b/g)].map((found) => Number(found[1]));
}

/** The events of one process, in order. */
function storyOf(rows: readonly Row[], pid: number): string[] {
  return rows.filter((row) => row.pid === pid && row.event !== 'task-change').map(({ event }) => event);
}

async function expectToGoOn(): Promise<void> {
  const before = machine.console().length;
  for (let waited = 0; !/OSI-PID/.test(machine.console().slice(before)); waited += 100) {
    if (waited > 60_000) throw new Error('the guest stands');
    await sleep(100);
  }
}

describe('osi-linux watch', () => {
  const processEvents = ['--events', 'process-start,process-end,exec'];

  it('tells each of 200 short processes by its gdb stub, its start before its end', async () => {
    const args = [`qmp:${socket}`, '--gdb', `127.0.0.1:${GDB_PORT}`, ...processEvents];
    const { rows, err, since, exitCode } = await watch(args, (text) => round(text) !== undefined);
    const pids = pidsOf(round(since) ?? '');
    expect(pids).toHaveLength(PROCESSES);
    for (const pid of pids) {
      const [first, ...rest] = storyOf(rows, pid);
      expect([pid, first, rest.includes('exec'), rest.at(-1)]).toEqual([
        pid,
        'process-start',
        true,
        'process-end',
      ]);
      const own = rows.filter((row) => row.pid === pid);
      // One process: pid, taskd and createTime stay what they are; it executes another program.
      expect(new Set(own.map(({ tid, taskd, createTime }) => `${tid} ${taskd} ${createTime}`)).size).toBe(1);
      expect([own[0]?.name, own.at(-1)?.name]).toEqual(['init', 'true']);
    }
    expect(err).toMatch(/^breakpoints at processes, \d+ readings; missed: 0 threads/m);
    expect(exitCode).toBe(0);
    await expectToGoOn();
  });

  it('tells every switch of tasks by its gdb stub', async () => {
    const args = [`qmp:${socket}`, '--gdb', `127.0.0.1:${GDB_PORT}`];
    const { rows, err, since, exitCode } = await watch(args, (text) => pidsOf(text).length > 20);
    // The console lags behind: the first ones may have been started before the watch, the last ones after its end.
    const isStart = (pid: number) => (row: Row) => row.event === 'process-start' && row.pid === pid;
    const pids = pidsOf(since);
    const first = pids.findIndex((pid) => rows.some(isStart(pid)));
    const told = pids.slice(first, first + 5);
    expect([first < 10, told.length]).toEqual([true, 5]);
    for (const pid of told) {
      const ran = rows.findIndex((row) => row.event === 'task-change' && row.tid === pid);
      expect(ran).toBeGreaterThanOrEqual(0);
      const started = rows.findIndex(isStart(pid));
      expect(started).toBeGreaterThanOrEqual(0);
      expect(started).toBeLessThan(ran);
    }
    expect(err).toMatch(/missed: 0 threads/);
    expect(exitCode).toBe(0);
    await expectToGoOn();
  });

  it('counts what it missed by polling', async () => {
    const args = [`qmp:${socket}`, '--interval', '100', ...processEvents];
    const { rows, err, since, exitCode } = await watch(args, (text) => round(text) !== undefined);
    const pids = pidsOf(round(since) ?? '');
    expect(pids).toHaveLength(PROCESSES);
    const told = pids.filter((pid) => storyOf(rows, pid)[0] === 'process-start');
    const missed = Number(/missed: (\d+) threads/.exec(err)?.[1]);
    expect(told.length + missed).toBeGreaterThanOrEqual(PROCESSES);
    // The processes that were started around that round, and those that the kernel starts for itself.
    const around = pidsOf(since).length - PROCESSES;
    expect(told.length + missed).toBeLessThanOrEqual(PROCESSES + around + 2 * PROCESSES);
    for (const pid of told) expect(storyOf(rows, pid).lastIndexOf('process-start')).toBe(0);
    expect(exitCode).toBe(missed === 0 ? 0 : 1);
    await expectToGoOn();
  });

  it('ends after so many events, and lets the guest go on', async () => {
    const { rows } = await watch([`qmp:${socket}`, '--count', '3'], () => false);
    expect(rows).toHaveLength(3);
    await expectToGoOn();
  });

  it('says so where QEMU is killed meanwhile', async () => {
    let ending: Promise<void> | undefined;
    const kill = () => {
      ending ??= machine.close();
      return false;
    };
    const args = [`qmp:${socket}`, '--gdb', `127.0.0.1:${GDB_PORT}`, ...processEvents];
    const { err, exitCode } = await watch(args, kill);
    await ending;
    expect(err).toMatch(/code: LIVE_/);
    expect(exitCode).toBe(1);
  });
});
