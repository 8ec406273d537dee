import { readFileSync } from 'node:fs';
import { OsiError, PAGE_SIZE, type PhysicalMemory } from '@osi-linux/core';
import { safeParseKeyFile } from '@osi-linux/kconf';
import { readPerCpuOffset, StructView } from '@osi-linux/kstruct';
import { BytesSource, openDump } from '@osi-linux/memory';
import type { OsiEvent } from '@osi-linux/osi';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { describe, expect, it } from 'vitest';
import { openGuest } from '../guest';
import type { GuestStop, RunControl } from './run-control';
import { GuestWatch } from './watch';

const recorded = readRecordedGuest('debian-12-amd64');
const section = readFileSync(recorded.kconfFile, 'utf8');
const dump = openDump(new BytesSource(new Uint8Array(readFileSync(recorded.dumpFile))));

/** The recorded guest with pages that can be written to, as if it ran on. */
class RunningMemory implements PhysicalMemory {
  readonly ranges = dump.memory.ranges;
  private readonly written = new Map<number, Uint8Array>();
  page(frame: number) {
    const bytes = this.written.get(frame);
    if (bytes === undefined) return dump.memory.page(frame);
    const copy = bytes.slice();
    return { bytes: copy, view: new DataView(copy.buffer) };
  }
  hole(frame: number) {
    return dump.memory.hole(frame);
  }
  scan(address: number, into: Uint8Array) {
    return dump.memory.scan(address, into);
  }
  write(address: number, bytes: Uint8Array) {
    const frame = Math.floor(address / PAGE_SIZE);
    const page = this.written.get(frame) ?? dump.memory.page(frame)?.bytes.slice();
    if (page === undefined) throw new Error('no such page');
    page.set(bytes, address % PAGE_SIZE);
    this.written.set(frame, page);
  }
}

/** A clock that notes its calls, and reaches breakpoints as a test orders. */
class FakeRunControl implements RunControl {
  readonly calls: string[] = [];
  readonly stops: (() => GuestStop)[] = [];
  isRunning = true;
  failure: OsiError | undefined;
  /** Called at every whole reading, before it. */
  onStop: (count: number) => void = () => undefined;
  private count = 0;

  stop() {
    this.isRunning = false;
    this.onStop(this.count);
    this.count += 1;
  }
  cont() {
    this.isRunning = true;
  }
  waitForStop() {
    const next = this.stops.shift();
    if (next === undefined) return undefined;
    this.isRunning = false;
    return next();
  }
  setBreakpoint(address: bigint) {
    this.calls.push(`set ${address}`);
  }
  clearBreakpoint(address: bigint) {
    this.calls.push(`clear ${address}`);
  }
}

/** `hook` stands for the address of finish_task_switch, which the recorded pages have no symbols for. */
function openRunning({ hook }: { hook?: boolean } = {}) {
  const memory = new RunningMemory();
  const plain = openGuest({ ...dump, memory }, { keyFile: safeParseKeyFile(section).file });
  const at = plain.profile.kernel.info['task.init_addr'];
  const text = hook === true ? section.replace(/\]\n/, `]\ntask.switch_task_hook_addr = ${at}\n`) : section;
  const guest = openGuest({ ...dump, memory }, { keyFile: safeParseKeyFile(text).file });
  const { info } = guest.profile.kernel;
  const processes = new Map(guest.linux.getProcesses().map((process) => [process.pid, process.taskd]));
  const taskOf = (pid: number) => processes.get(pid) ?? 0n;
  const write = (virtual: bigint, bytes: Uint8Array) => {
    const physical = guest.memory.translate(virtual);
    if (physical === undefined) throw new Error('not mapped');
    memory.write(physical, bytes);
  };
  const word = (value: bigint) => new Uint8Array(BigUint64Array.of(value).buffer);
  const rename = (pid: number, name: string) =>
    write(taskOf(pid) + BigInt(info['task.comm_offset'] ?? 0), new TextEncoder().encode(`${name}\0`));
  const restart = (pid: number) =>
    write(taskOf(pid) + BigInt(info['task.start_time_offset'] ?? 0), word(0x1_0000_0001n));
  const exit = (pid: number) =>
    write(taskOf(pid) + BigInt(info['task.exit_state_offset'] ?? 0), Uint8Array.of(32, 0, 0, 0));
  /** As list_del_rcu takes pid 1 out of the list, between 0 and 2. */
  const unlinkInit = () => {
    const [idle, init, kthreadd] = [0, 1, 2].map(
      (pid) => taskOf(pid) + BigInt(info['task.tasks_offset'] ?? 0),
    );
    write(idle ?? 0n, word(kthreadd ?? 0n));
    write((kthreadd ?? 0n) + 8n, word(idle ?? 0n));
    write((init ?? 0n) + 8n, word(0xdead_0000_0000_0122n));
  };
  /** As execve gives a process other memory. */
  const move = (pid: number) => {
    const mm = new StructView(guest.memory, taskOf(pid)).word(info['task.mm_offset'] ?? 0);
    const offset = info['mm.pgd_offset'] ?? 0;
    write(mm + BigInt(offset), word(new StructView(guest.memory, mm).word(offset) + 0x1000n));
  };
  /** As exit takes the memory away. */
  const drop = (pid: number) => write(taskOf(pid) + BigInt(info['task.mm_offset'] ?? 0), word(0n));
  const run = (cpu: number, pid: number) =>
    write(
      readPerCpuOffset(guest.linux.kernel, cpu) + (info['task.current_task_addr'] ?? 0n),
      word(taskOf(pid)),
    );
  return { guest, at, rename, restart, exit, unlinkInit, move, drop, run, clock: new FakeRunControl() };
}

function tell(events: readonly OsiEvent[]): string[] {
  return events.map((change) =>
    change.name === 'task-change'
      ? `${change.name} ${change.event.cpu} ${change.event.task?.tid}`
      : `${change.name} ${change.event.pid} ${change.event.name}`,
  );
}

async function gather(watch: GuestWatch): Promise<OsiEvent[]> {
  const events: OsiEvent[] = [];
  for await (const event of watch) events.push(event);
  return events;
}

describe('GuestWatch by polling', () => {
  it('tells what has changed from one reading to the next, and the listeners too', async () => {
    const { guest, rename, restart, clock } = openRunning();
    const watch = new GuestWatch(guest, clock, { intervalMs: 1 });
    const heard: unknown[] = [];
    guest.osi.on('exec', ({ pid, name }) => heard.push([pid, name]));
    clock.onStop = (count) => {
      if (count === 2) rename(1, 'another');
      if (count === 3) restart(1);
      if (count === 5) watch.end();
    };
    const events = await gather(watch);
    expect(tell(events)).toEqual(['exec 1 another', 'process-end 1 another', 'process-start 1 another']);
    expect(heard).toEqual([[1, 'another']]);
    expect([watch.missed, watch.missedBy]).toEqual([0, 'ids']);
    expect([clock.isRunning, clock.calls]).toEqual([true, []]);
  });

  it('reads once more at the end', async () => {
    const { guest, rename, clock } = openRunning();
    const watch = new GuestWatch(guest, clock, { intervalMs: 60_000 });
    clock.onStop = (count) => count === 1 && rename(1, 'late');
    setTimeout(() => watch.end(), 20);
    expect(tell(await gather(watch))).toEqual(['exec 1 late']);
  });

  it('lets the guest run on where the loop is left', async () => {
    const { guest, rename, clock } = openRunning();
    clock.onStop = (count) => count === 1 && rename(1, 'late');
    for await (const _ of new GuestWatch(guest, clock, { intervalMs: 1 })) break;
    expect(clock.isRunning).toBe(true);
  });

  it('throws why the guest can no longer be read, and tells no ends', async () => {
    const { guest, clock } = openRunning();
    clock.onStop = (count) => {
      if (count === 2) clock.failure = new OsiError('LIVE_CONNECTION_LOST', 'gone');
    };
    await expect(gather(new GuestWatch(guest, clock, { intervalMs: 1 }))).rejects.toMatchObject({
      code: 'LIVE_CONNECTION_LOST',
    });
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 31])('refuses an interval of %s ms', (intervalMs) => {
    const { guest, clock } = openRunning();
    expect(() => new GuestWatch(guest, clock, { intervalMs })).toThrow(
      expect.objectContaining({ code: 'WATCH_INTERVAL_INVALID' }),
    );
  });
});

describe('GuestWatch by breakpoints', () => {
  const hit = (cpu: number): GuestStop => ({ reason: 'breakpoint', cpu });

  async function follow(
    steps: (opened: ReturnType<typeof openRunning>) => readonly (() => GuestStop)[],
    breakpoints: 'switches' | 'processes' = 'switches',
  ) {
    const opened = openRunning({ hook: true });
    const { guest, clock, at } = opened;
    const watch = new GuestWatch(guest, clock, { breakpoints, intervalMs: 60_000 });
    clock.stops.push(...steps(opened), () => {
      watch.end();
      return hit(0);
    });
    const events = await gather(watch);
    expect(clock.calls).toEqual([`set ${at}`, `clear ${at}`]);
    expect(clock.isRunning).toBe(true);
    return tell(events);
  }

  it('tells what a processor has switched to', async () => {
    const told = await follow(({ run }) => [
      () => {
        run(0, 2);
        return hit(0);
      },
      () => {
        run(1, 1);
        return hit(1);
      },
    ]);
    expect(told).toEqual(['task-change 0 2', 'task-change 1 1']);
  });

  it('tells an exec by the name that the task has when it is switched away from', async () => {
    const told = await follow(({ run, rename }) => [
      () => {
        run(0, 1);
        return hit(0);
      },
      () => {
        rename(1, 'late');
        run(0, 2);
        return hit(0);
      },
    ]);
    expect(told).toEqual(['task-change 0 1', 'exec 1 late', 'task-change 0 2']);
  });

  it('tells one exec where another task runs between its two halves', async () => {
    const told = await follow(({ run, rename, move }) => [
      () => {
        run(0, 1);
        return hit(0);
      },
      () => {
        move(1);
        run(0, 2);
        return hit(0);
      },
      () => {
        run(0, 1);
        return hit(0);
      },
      () => {
        rename(1, 'late');
        run(0, 2);
        return hit(0);
      },
    ]);
    expect(told.filter((text) => !text.startsWith('task-change'))).toEqual(['exec 1 late']);
  });

  it('tells an exec of a program of the same name once the process has exited', async () => {
    const told = await follow(({ run, move, exit, drop, unlinkInit }) => [
      () => {
        run(0, 1);
        return hit(0);
      },
      () => {
        move(1);
        run(0, 2);
        return hit(0);
      },
      () => {
        run(0, 1);
        return hit(0);
      },
      () => {
        exit(1);
        drop(1);
        unlinkInit();
        run(0, 2);
        return hit(0);
      },
    ]);
    expect(told.filter((text) => !text.startsWith('task-change'))).toEqual([
      'exec 1 init',
      'process-end 1 init',
    ]);
  });

  it('tells the start of a process in the place of another one', async () => {
    const told = await follow(({ run, restart }) => [
      () => {
        restart(1);
        run(0, 1);
        return hit(0);
      },
    ]);
    expect(told).toEqual(['process-end 1 init', 'process-start 1 init', 'task-change 0 1']);
  });

  it('tells the end of a process once it is out of the list, not when it exits', async () => {
    const told = await follow(({ run, exit, unlinkInit }) => [
      () => {
        run(0, 1);
        return hit(0);
      },
      () => {
        exit(1);
        run(0, 2);
        return hit(0);
      },
      () => {
        unlinkInit();
        run(1, 2);
        return hit(1);
      },
    ]);
    expect(told).toEqual(['task-change 0 1', 'task-change 0 2', 'task-change 1 2', 'process-end 1 init']);
  });

  it('reads everything where the guest was stopped from outside', async () => {
    const told = await follow(({ rename }) => [
      () => {
        rename(2, 'kthread');
        rename(1, 'late');
        return { reason: 'outside', cpu: undefined };
      },
    ]);
    expect(told).toEqual(['exec 1 late']);
  });

  it('says that neither symbols nor the profile tell where to stop, and leaves the guest running', async () => {
    const { guest, clock } = openRunning();
    const watch = new GuestWatch(guest, clock, { breakpoints: 'switches' });
    await expect(gather(watch)).rejects.toMatchObject({ code: 'SWITCH_HOOK_UNKNOWN' });
    const processes = new GuestWatch(openRunning({ hook: true }).guest, clock, { breakpoints: 'processes' });
    await expect(gather(processes)).rejects.toMatchObject({ code: 'SWITCH_HOOK_UNKNOWN' });
    expect([clock.isRunning, clock.calls]).toEqual([true, []]);
  });

  it('refuses a clock without breakpoints', () => {
    const { guest } = openRunning();
    const clock = { stop: () => undefined, cont: () => undefined };
    expect(() => new GuestWatch(guest, clock, { breakpoints: 'processes' })).toThrow(
      expect.objectContaining({ code: 'SWITCHES_NOT_CAUGHT' }),
    );
  });
});
