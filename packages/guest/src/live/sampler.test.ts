import { readFileSync } from 'node:fs';
import { OsiError, PAGE_SIZE, type PhysicalMemory } from '@osi-linux/core';
import { safeParseKeyFile } from '@osi-linux/kconf';
import { BytesSource, openDump } from '@osi-linux/memory';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { describe, expect, it } from 'vitest';
import { openGuest } from '../guest';
import { GuestSampler } from './sampler';

const recorded = readRecordedGuest('debian-12-amd64');
const { file: keyFile } = safeParseKeyFile(readFileSync(recorded.kconfFile));
const dump = openDump(new BytesSource(new Uint8Array(readFileSync(recorded.dumpFile))));

/** The recorded guest with pages that can be written to, as if it ran on. */
class RunningMemory implements PhysicalMemory {
  readonly ranges = dump.memory.ranges;
  private readonly written = new Map<number, Uint8Array>();
  page(frame: number) {
    const bytes = this.written.get(frame);
    if (bytes === undefined) return dump.memory.page(frame);
    // A copy each time, so that an old page that is kept does not show later writes.
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

function openRunning() {
  const memory = new RunningMemory();
  const guest = openGuest({ ...dump, memory }, { keyFile });
  const init = guest.linux.getProcesses().find(({ pid }) => pid === 1);
  if (init === undefined) throw new Error('no pid 1');
  const { info } = guest.profile.kernel;
  const write = (key: 'task.comm_offset' | 'task.start_time_offset', bytes: Uint8Array) => {
    const at = guest.memory.translate(init.taskd + BigInt(info[key] ?? 0));
    if (at === undefined) throw new Error('not mapped');
    memory.write(at, bytes);
  };
  const told: string[] = [];
  for (const name of ['exec', 'process-start', 'process-end'] as const)
    guest.osi.on(name, (process) => told.push(`${name} ${process.pid} ${process.name}`));
  return { guest, write, told };
}

const text = (name: string) => new TextEncoder().encode(`${name}\0`);

describe('GuestSampler', () => {
  it('tells the listeners what has changed since the sample before', () => {
    const { guest, write, told } = openRunning();
    const sampler = new GuestSampler(guest);
    expect(sampler.missed).toBeUndefined();
    expect(sampler.sample()).toEqual([]);
    write('task.comm_offset', text('another'));
    expect(sampler.sample()).toMatchObject([{ name: 'exec', event: { pid: 1, name: 'another' } }]);
    expect(sampler.sample()).toEqual([]);
    expect(told).toEqual(['exec 1 another']);
    expect(sampler.missed).toBe(0);
  });

  it('takes a process that started at another time for another one', () => {
    const { guest, write, told } = openRunning();
    const sampler = new GuestSampler(guest);
    sampler.sample();
    write('task.start_time_offset', new Uint8Array(8).fill(1));
    sampler.sample();
    expect(told).toEqual(['process-end 1 init', 'process-start 1 init']);
  });

  it('tells all listeners of everything before it throws what one of them threw', () => {
    const { guest, write, told } = openRunning();
    const sampler = new GuestSampler(guest);
    guest.osi.on('process-end', () => {
      throw new TypeError('a bug');
    });
    sampler.sample();
    write('task.start_time_offset', new Uint8Array(8).fill(1));
    let thrown: unknown;
    try {
      sampler.sample();
    } catch (error) {
      thrown = error;
    }
    expect(OsiError.is(thrown) && thrown.code).toBe('OSI_LISTENER_FAILED');
    expect(told).toEqual(['process-end 1 init', 'process-start 1 init']);
  });
});
