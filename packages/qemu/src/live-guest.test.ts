import { OsiError } from '@osi-linux/core';
import { codeOf } from '@osi-linux/test-fixtures/expect';
import { FakeGdbStub, FakeMonitor } from '@osi-linux/test-fixtures/fake-qemu';
import { describe, expect, it } from 'vitest';
import { GdbClient } from './gdb-client';
import { gdbMemory } from './internal/gdb-memory';
import { LiveGuest, type LiveStop } from './live-guest';
import { LiveMemory } from './live-memory';
import { QmpClient } from './qmp-client';

const HOOK = 0xffffffff81000000n;

function fakeGuard() {
  const said: string[] = [];
  const guard = {
    arm: () => void said.push('arm'),
    disarm: () => void said.push('disarm'),
    release: () => void said.push('release'),
  };
  return { said, guard };
}

const reading = { what: 'memory', value: 'read by nobody', evidence: 'a test' };

function openMonitored(wasRunning = true, idle = 'paused') {
  const monitor = new FakeMonitor();
  monitor.idle = idle;
  monitor.isRunning = wasRunning;
  const qmp = QmpClient.open(monitor.channel, 20);
  const { said, guard } = fakeGuard();
  let moment = 0;
  const reader = {
    worthOfRun: 0,
    readAhead: 4096,
    readRuns: () => {
      if (monitor.isRunning && monitor.faults.has('read')) qmp.execute('read');
      return [new Uint8Array(4096).fill(moment)];
    },
  };
  const live = new LiveGuest({
    ...{ name: 'fake', qmp, guard, wasRunning, reading },
    memory: new LiveMemory(reader, [{ start: 0, end: 4096 }]),
    readState: () => {
      moment += 1;
      return { cpus: [{ index: 0, registers: { cr3: BigInt(moment) } }], machine: 'x86_64' };
    },
    release: () => void said.push('files'),
  });
  return { monitor, live, said };
}

function openStub() {
  const stub = new FakeGdbStub();
  const gdb = GdbClient.open(stub.channel, 20);
  gdb.setPhysicalMode(true);
  const { said, guard } = fakeGuard();
  const live = new LiveGuest({
    ...{ name: 'fake', gdb, guard, wasRunning: true, reading },
    memory: new LiveMemory(gdbMemory(gdb), [{ start: 0, end: 65_536 }]),
    readState: () => ({ cpus: [] }),
    restore: () => gdb.setPhysicalMode(false),
    release: () => undefined,
  });
  return { stub, live, said };
}

describe('a live guest behind a monitor', () => {
  it('stands while it is read, and runs on, watched by the guard', () => {
    const { monitor, live, said } = openMonitored();
    expect(live.whileStopped(() => monitor.isRunning)).toBe(false);
    expect([monitor.isRunning, live.isRunning]).toEqual([true, true]);
    expect(said).toEqual(['arm', 'disarm']);
    live.close();
    live.close();
    expect(said).toEqual(['arm', 'disarm', 'files', 'release']);
    expect(monitor.commands.filter((command) => command !== 'query-status')).toEqual(['stop', 'cont']);
  });

  it('has the memory and the processors of the last stop', () => {
    const { live } = openMonitored();
    const { cpus } = live;
    const read = () => [live.memory.page(0)?.bytes[0], cpus[0]?.registers['cr3']];
    expect(read()).toEqual([1, 1n]);
    expect(live.whileStopped(read)).toEqual([2, 2n]);
    expect(read()).toEqual([2, 2n]);
  });

  it('tells of one moment while it runs already, unless more is asked for than before', () => {
    const { monitor, live } = openMonitored();
    const seen: unknown[] = [];
    const ask = () => seen.push([live.memory.page(0)?.bytes[0], monitor.isRunning]);
    live.atOneMoment(ask);
    live.atOneMoment(ask);
    expect(seen).toEqual([
      [undefined, true],
      [2, false],
      [3, true],
    ]);
    live.stop();
    live.atOneMoment(ask);
    expect(seen.at(-1)).toEqual([6, false]);
  });

  it('that was never started is reported as such', () => {
    for (const state of ['prelaunch', 'inmigrate']) {
      const { live } = openMonitored(false, state);
      expect(live.findings).toMatchObject([{ what: 'run-state', value: state }]);
    }
    expect(openMonitored(false).live.findings).toEqual([]);
  });

  it('whose memory cannot be read fails with that, whatever follows from it', () => {
    const { monitor, live } = openMonitored();
    const ask = () => {
      monitor.isRunning = true;
      monitor.faults.set('read', ['cut']);
      live.memory.page(0);
      throw new OsiError('PROFILE_NONE_FITS', 'no kernel');
    };
    expect(codeOf(() => live.whileStopped(ask))).toBe('LIVE_CONNECTION_LOST');
    live.close();
  });

  it('runs on where what was asked throws', () => {
    const { monitor, live } = openMonitored();
    expect(() => live.whileStopped(() => JSON.parse('{'))).toThrow(SyntaxError);
    expect(monitor.isRunning).toBe(true);
  });

  it('stays as it is where it stood before, or someone else stopped it', () => {
    const before = openMonitored(false);
    before.live.whileStopped(() => 0);
    before.live.close();
    expect([before.monitor.isRunning, before.said]).toEqual([false, ['files', 'release']]);
    const later = openMonitored();
    later.monitor.pause();
    later.live.whileStopped(() => 0);
    later.live.close();
    expect([later.monitor.isRunning, later.said]).toEqual([false, ['files', 'release']]);
  });

  it('sees a stop from outside', () => {
    const { monitor, live } = openMonitored();
    const seen: LiveStop[] = [];
    const end = live.onStop((stop) => seen.push(stop));
    expect(live.waitForStop(5)).toBeUndefined();
    monitor.pause();
    expect(live.waitForStop(5)).toEqual({ reason: 'outside', cpu: undefined });
    expect([seen.length, live.isRunning]).toEqual([1, false]);
    end();
    expect(() => live.setBreakpoint(HOOK)).toThrow('breakpoints need a gdb stub');
  });

  it('leaves it to the guard where QEMU goes while the guest stands', () => {
    const { monitor, live, said } = openMonitored();
    monitor.faults.set('cont', ['cut']);
    expect(() => live.whileStopped(() => 1)).toThrow(OsiError);
    live.close();
    expect(said).toEqual(['arm', 'files', 'release']);
  });

  it('gives no rows of memory that could not be read', () => {
    const { monitor, live } = openMonitored();
    monitor.faults.set('read', ['cut']);
    expect(live.memory.page(0)).toBeUndefined();
    expect(live.failure?.code).toBe('LIVE_CONNECTION_LOST');
    expect(() => live.whileStopped(() => 'rows')).toThrow(OsiError);
    live.close();
  });
});

describe('a live guest behind a gdb stub', () => {
  it('runs again after it was opened, and in the end without breakpoints and in the old mode', () => {
    const { stub, live, said } = openStub();
    expect([stub.isRunning, said]).toEqual([true, []]);
    live.setBreakpoint(HOOK);
    expect([stub.isRunning, [...stub.breakpoints]]).toEqual([true, ['ffffffff81000000,1']]);
    live.close();
    expect([stub.isRunning, stub.breakpoints.size, stub.physical]).toEqual([true, 0, false]);
    expect(stub.packets.at(-1)).toBe('D');
    expect(said).toEqual(['arm', 'disarm', 'release']);
  });

  it('is led over a breakpoint by a step without any', () => {
    const { stub, live } = openStub();
    live.setBreakpoint(HOOK);
    stub.hit(2);
    expect(live.waitForStop(5)).toEqual({ reason: 'breakpoint', cpu: 1 });
    expect(live.memory.page(1)?.bytes[3]).toBe(3);
    stub.packets.length = 0;
    live.cont();
    expect(stub.packets.map((packet) => packet.slice(0, 8))).toEqual([
      'z1,fffff',
      'vCont;s:',
      'Z1,fffff',
      'vCont;c',
    ]);
  });

  it('is not read while it runs: a packet would stop it', () => {
    const { stub, live } = openStub();
    expect(live.memory.page(1)).toBeUndefined();
    expect(live.memory.hole(1).code).toBe('LIVE_READ_FAILED');
    expect(stub.isRunning).toBe(true);
    expect(live.whileStopped(() => live.memory.page(1)?.bytes[5])).toBe(5);
    live.close();
    expect(stub.isRunning).toBe(true);
  });
});
