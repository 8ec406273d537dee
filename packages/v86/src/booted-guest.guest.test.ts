import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  type GuestTruth,
  parseGuestTruth,
  parseTruthRecords,
  truthChecks,
} from '@osi-linux/test-fixtures/truth';
import {
  BootedEmulator,
  buildV86Media,
  type EmulatorClass,
  findV86Media,
  liveRows,
  openLiveGuest,
  samplerOf,
} from '@osi-linux/test-fixtures/v86-guest';
import { V86 } from 'v86';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watchSlices } from './slice-watch';
import { openV86 } from './v86-guest';

// A real kernel boots in the emulator, loads the module that prints KERNELINFO, and gathers its own /proc. It runs by the
// clock, as any guest does.
await buildV86Media();
const media = findV86Media();

describe('a guest in v86', { timeout: 120_000 }, () => {
  let booted: BootedEmulator;
  let guest: ReturnType<typeof openLiveGuest>;
  let truth: GuestTruth;
  /** The listings while the guest stood at its checkpoint. */
  const atCheckpoint = new Map<string, ReturnType<typeof liveRows>>();
  const commands = ['ps', 'threads', 'maps', 'files', 'modules', 'mounts', 'env', 'sockets', 'current'];

  /** Lets the guest run on, and drops the cached memory of the moment before. */
  async function rest(ms: number): Promise<void> {
    await sleep(ms);
    guest.memory.flush();
    guest.osi.refresh();
  }

  beforeAll(async () => {
    if (typeof media === 'string') throw new Error(media);
    const wasm = fileURLToPath(new URL('../node_modules/v86/build/v86.wasm', import.meta.url));
    booted = new BootedEmulator(V86 as unknown as EmulatorClass, wasm, media);
    await booted.waitFor('OSI-CHECKPOINT');
    guest = openLiveGuest(openV86(booted.emulator), booted.console(), 'debian-11-686-v86');
    // Its collector sleeps by now; the remaining work is the kernel's own, which comes to rest.
    for (let wait = 0; wait < 200 && guest.linux.getCurrent()[0]?.pid !== 0; wait += 1) await rest(10);
    for (const command of commands) atCheckpoint.set(command, liveRows(guest, command));
    const { records } = parseTruthRecords(await booted.command('cat /run/truth'));
    truth = parseGuestTruth(records, { cpus: 1 });
  }, 500_000);

  afterAll(async () => {
    await booted?.close();
  });

  it('has processes that are worth the comparison', () => {
    expect(truth.processes.length).toBeGreaterThan(20);
    const { rows } = atCheckpoint.get('env') ?? { rows: [] };
    expect(rows.map(({ exe }) => exe)).toContain('/tmp/a name');
    const files = atCheckpoint.get('files')?.rows ?? [];
    expect(files).toContainEqual(expect.objectContaining({ fd: 4, filename: '/tmp/gone (deleted)' }));
  });

  it.each(commands)('answers %s as its own /proc does', (command) => {
    const { rows, skipped } = atCheckpoint.get(command) ?? { rows: [], skipped: ['everything'] };
    expect(skipped).toEqual([]);
    if (command === 'current')
      return expect(rows).toMatchObject([{ cpu: 0, name: 'swapper/0', mode: 'kernel' }]);
    const check = truthChecks(truth).find((candidate) => candidate.command === command);
    return expect(check?.compare(rows, [])).toEqual([]);
  });

  it('tells a program that spins, where it executes', async () => {
    const pid = Number(await booted.command('while :; do :; done & echo $!'));
    const seen = new Set<string>();
    // On a busy host each time slice may end in the handler of a timer that was late.
    for (let sample = 0; sample < 4000 && !seen.has(`${pid} user`); sample += 1) {
      await rest(5);
      const [row] = guest.linux.getCurrent();
      seen.add(`${row?.pid} ${row?.mode}`);
    }
    await booted.command(`kill ${pid}`);
    expect([...seen]).toContain(`${pid} user`);
  });

  it('stands still while it is stopped, and goes on', async () => {
    await booted.emulator.stop();
    await rest(0);
    const before = liveRows(guest, 'ps');
    const registers = guest.dump.cpus[0]?.registers;
    await rest(100);
    expect(liveRows(guest, 'ps')).toEqual(before);
    expect(guest.dump.cpus[0]?.registers).toEqual(registers);
    await booted.emulator.run();
    expect((await booted.command('echo alive')).toString()).toBe('alive\n');
  });

  describe('watched between its time slices', () => {
    /** The events while a command runs, and how many threads came and went unseen. */
    async function watch(everyMs: number, command: string) {
      const told: string[] = [];
      const sampler = samplerOf(guest);
      const off = (['process-start', 'process-end', 'exec'] as const).map((name) =>
        guest.osi.on(name, (process) => told.push(`${name} ${process.pid} ${process.name}`)),
      );
      sampler.sample();
      const end = watchSlices(booted.emulator, () => sampler.sample(), { everyMs });
      await booted.command(command);
      end();
      sampler.sample();
      for (const each of off) each();
      return { told, missed: sampler.missed ?? 0 };
    }

    it('tells every process that lives for a while: start, exec, end', async () => {
      const { told } = await watch(0, 'for i in 1 2 3 4 5; do sleep 0.3; done');
      const ended = told.filter((line) => /^process-end \d+ sleep$/.test(line));
      expect(ended).toHaveLength(5);
      for (const line of ended) {
        const own = told.filter((other) => other.split(' ')[1] === line.split(' ')[1]);
        expect(own[0]).toMatch(/^process-start /);
        expect(own.at(-1)).toBe(line);
        // The shell forks, and its child then becomes another program; both may be over when it is first seen.
        if (!own[0]?.endsWith(' sleep')) expect(own.join('\n')).toMatch(/^exec \d+ sleep$/m);
      }
      expect(told.some((line) => line.startsWith('exec '))).toBe(true);
    });

    it('counts those that came and went unseen', async () => {
      const hidden =
        'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do /bin/busybox true; done';
      const { told, missed } = await watch(3_600_000, `${hidden}; { sleep 1000004 & }`);
      expect(told.filter((line) => /^process-start \d+ (sh|exe|sleep)$/.test(line))).toHaveLength(1);
      expect(missed).toBeGreaterThanOrEqual(20);
      // Workers of the kernel come and go as they like.
      expect(missed).toBeLessThanOrEqual(30);
    });
  });
});
