import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { OsiError } from '@osi-linux/core';
import { openGuest } from '@osi-linux/guest';
import { readKeyFile } from '@osi-linux/guest/node';
import { QmpClient } from '@osi-linux/qemu';
import { openLiveGuest, openSocketChannel } from '@osi-linux/qemu/node';
import { GUEST_SOURCES, guestKit, Machine } from '@osi-linux/test-fixtures/guest-builder';
import {
  compareCurrent,
  type GuestTruth,
  parseGuestTruth,
  parseTruthRecords,
  type Row,
  truthChecks,
} from '@osi-linux/test-fixtures/truth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSection } from '../../tools/cli/src/kconf-import/section';
import { createProgram } from '../../tools/cli/src/osi-linux/program';
import { ExitCode } from '../../tools/cli/src/terminal/exit-code';
import type { Io } from '../../tools/cli/src/terminal/io';

const CPUS = 2;
const GDB_PORT = 21_000 + (process.pid % 10_000);
/** Counts on the console without a process of its own for each second. */
const COUNTER = `mkfifo /run/wait
( exec 3<>/run/wait; i=0; while :; do i=$((i+1)); echo "OSI-COUNT $i"; read -t 1 -u 3 x; done ) &
`;

const folder = mkdtempSync(join(tmpdir(), 'osi-linux-live-'));
const conf = join(folder, 'kernelinfo.conf');
let machine: Machine;
let socket: string;
let truth: GuestTruth;
let kallsyms: string;

beforeAll(async () => {
  const kit = await guestKit({ suite: 'bookworm', arch: 'amd64', kernelPackage: 'linux-image-amd64' });
  const init = readFileSync(join(GUEST_SOURCES, 'init-state.sh'), 'utf8');
  const script = init.replace('[ "$STATE" = spinning ]', `${COUNTER}[ "$STATE" = spinning ]`);
  const modules = kit.modules.map(({ name }) => name).join(' ');
  const configuration = { MODULES: modules, STATE: 'spinning', CPUS, ZOO: '' };
  // The machine makes its sockets among the temporary files.
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = folder;
  const guest = join(folder, 'guest');
  mkdirSync(guest);
  machine = await Machine.start(
    kit,
    { cpus: CPUS, memoryMiB: 256, kaslr: true },
    { script, configuration },
    guest,
  );
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  await machine.checkpoint();
  machine.qmp.close();
  const sockets = readdirSync(folder).find((name) => name.startsWith('osi-linux-qmp-'));
  socket = join(folder, sockets ?? '', 'qmp');
  readTruth(guest);
});
afterAll(async () => {
  await machine?.close();
  rmSync(folder, { recursive: true, force: true });
});

function readTruth(guest: string): void {
  const { records } = parseTruthRecords(readFileSync(join(guest, 'truth')));
  truth = parseGuestTruth(records, { cpus: CPUS });
  const file = (path: string) =>
    Buffer.from(records.find((record) => record.path === path)?.bytes ?? '').toString('latin1');
  kallsyms = file('/proc/kallsyms');
  writeFileSync(conf, readSection(Buffer.from(file('/run/dmesg.log'), 'latin1'), 'live').text);
}

/** Runs the command line with the guest's own profile. */
async function rowsOf(...args: string[]): Promise<Row[]> {
  let [out, err] = ['', ''];
  const io: Io = {
    out: (data) => (out += String(data)),
    err: (text) => (err += text),
    columns: undefined,
    colour: false,
    environment: { XDG_CONFIG_HOME: folder },
    exitCode: ExitCode.Complete,
  };
  await createProgram(io).parseAsync(['node', 'osi-linux', ...args, '--kconf-file', conf, '--json']);
  if (out === '') throw new Error(err);
  return JSON.parse(out) as Row[];
}

/** The number that the guest counted to. */
function counted(): number {
  return Number(/OSI-COUNT (\d+)(?![\s\S]*OSI-COUNT)/.exec(machine.console())?.[1]);
}

async function expectToGoOn(): Promise<void> {
  const before = counted();
  for (let waited = 0; counted() < before + 2; waited += 100) {
    if (waited > 20_000) throw new Error(`the guest stands at ${before}`);
    await sleep(100);
  }
}

async function withGdb<Value>(run: () => Promise<Value>): Promise<Value> {
  const monitor = (command: string) => {
    const qmp = QmpClient.open(openSocketChannel({ path: socket }, 5000));
    qmp.monitor(command);
    qmp.close();
  };
  monitor(`gdbserver tcp:127.0.0.1:${GDB_PORT}`);
  try {
    return await run();
  } finally {
    monitor('gdbserver none');
  }
}

describe('a live guest', () => {
  it.each(['ps', 'threads', 'maps', 'files'])('answers %s as its own /proc', async (listing) => {
    const check = truthChecks(truth).find(({ command }) => command === listing);
    const rows = await rowsOf(listing, `qmp:${socket}`);
    expect(rows.length).toBeGreaterThan(50);
    expect(check?.compare(rows, [])).toEqual([]);
    await expectToGoOn();
  });

  it('answers current: now and then something else runs for a moment', async () => {
    let found: string[] = ['not asked'];
    for (let attempt = 0; found.length > 0 && attempt < 40; attempt += 1)
      found = compareCurrent(truth, await rowsOf('current', `qmp:${socket}`));
    expect(found).toEqual([]);
  });

  it('stands for less than 50 ms while its processes are listed', () => {
    const live = openLiveGuest({ qmp: socket });
    const guest = openGuest(live, { keyFile: readKeyFile(conf) });
    const first = guest.linux.getProcesses();
    const times = Array.from({ length: 15 }, () => {
      const rows = live.atOneMoment(() => {
        guest.memory.flush();
        guest.linux.refresh();
        return guest.linux.getProcesses();
      });
      expect(rows.map(({ pid }) => pid)).toEqual(first.map(({ pid }) => pid));
      return live.stoppedMs ?? Number.NaN;
    });
    live.close();
    times.sort((one, other) => one - other);
    console.info(`stopped for ${times.map((time) => time.toFixed(1)).join(', ')} ms; ${live.reading.value}`);
    expect(times[7]).toBeLessThan(50);
  });

  it('says that rows may mix moments where it is not stopped', async () => {
    const rows = await rowsOf('ps', `qmp:${socket}`, '--no-stop');
    expect(rows.length).toBeGreaterThan(50);
  });

  it('answers through its gdb stub, alone and beside the monitor', async () => {
    await withGdb(async () => {
      const check = truthChecks(truth).find(({ command }) => command === 'ps');
      const address = `127.0.0.1:${GDB_PORT}`;
      expect(check?.compare(await rowsOf('ps', `gdb:${address}`), [])).toEqual([]);
      expect(check?.compare(await rowsOf('ps', `qmp:${socket}`, '--gdb', address), [])).toEqual([]);
    });
    await expectToGoOn();
  });

  it('stops at a breakpoint, again and again', async () => {
    const hook = BigInt(`0x${/^([0-9a-f]+) . finish_task_switch\S*$/m.exec(kallsyms)?.[1]}`);
    await withGdb(async () => {
      const live = openLiveGuest({ qmp: socket, gdb: { host: '127.0.0.1', port: GDB_PORT } });
      live.setBreakpoint(hook);
      for (let times = 0; times < 10; times += 1) {
        const stop = live.waitForStop(10_000);
        live.refresh();
        const { cpu } = stop ?? {};
        expect([stop?.reason, live.cpus[cpu ?? -1]?.registers['rip']]).toEqual(['breakpoint', hook]);
        live.cont();
      }
      live.close();
    });
    await expectToGoOn();
  });

  it('goes on where the process that stopped it is killed', async () => {
    const program = join(folder, 'killed.mts');
    const entry = fileURLToPath(new URL('../../packages/qemu/src/node/index.ts', import.meta.url));
    const text = `import { openLiveGuest } from ${JSON.stringify(entry)};
      openLiveGuest({ qmp: ${JSON.stringify(socket)} }).stop();
      process.kill(process.pid, 'SIGKILL');`;
    writeFileSync(program, text);
    const loader = import.meta.resolve('tsx');
    const child = spawn(process.execPath, ['--import', loader, '--conditions=@osi-linux/source', program], {
      stdio: 'inherit',
    });
    expect(await new Promise((resolve) => child.once('close', (_, signal) => resolve(signal)))).toBe(
      'SIGKILL',
    );
    await expectToGoOn();
  });

  it('names it where QEMU is killed while it is read', async () => {
    const live = openLiveGuest({ qmp: socket });
    live.stop();
    await machine.close();
    expect(() => live.whileStopped(() => live.memory.page(256))).toThrow(OsiError);
    const before = performance.now();
    live.close();
    expect(performance.now() - before).toBeLessThan(1000);
  });
});
