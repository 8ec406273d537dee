import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { ExitCode } from '../../terminal/exit-code';
import type { Io } from '../../terminal/io';
import { createProgram } from '../program';
import { eventRow } from './watch';

const { dumpFile } = readRecordedGuest('debian-12-amd64');

async function run(...args: string[]) {
  let [out, err] = ['', ''];
  const io: Io = {
    out: (data) => (out += String(data)),
    err: (text) => (err += text),
    columns: undefined,
    colour: false,
    environment: { XDG_CONFIG_HOME: '/nonexistent' },
    exitCode: ExitCode.Complete,
  };
  try {
    await createProgram(io).parseAsync(['node', 'osi-linux', ...args]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    io.exitCode = ExitCode.Usage;
  }
  return { out, err, exitCode: io.exitCode };
}

describe('an event as a row', () => {
  const ids = { taskd: 0xffff888000001000n, pid: 812, createTime: 2n ** 53n };

  it('is that of a process with its own thread', () => {
    const process = { ...ids, ppid: 1, name: 'sh', pgd: null, asid: null };
    expect(eventRow({ name: 'process-start', event: process })).toEqual({
      event: 'process-start',
      cpu: null,
      pid: 812,
      tid: 812,
      taskd: '0xffff888000001000',
      name: 'sh',
      createTime: '9007199254740992',
    });
  });

  it('is that of the thread that a processor runs', () => {
    const task = { ...ids, cpu: 1, tid: 815, name: 'worker', createTime: 7n };
    expect(eventRow({ name: 'task-change', event: { cpu: 1, task } })).toEqual({
      event: 'task-change',
      cpu: 1,
      pid: 812,
      tid: 815,
      taskd: '0xffff888000001000',
      name: 'worker',
      createTime: 7,
    });
  });

  it('has nulls where it is not told what runs', () => {
    const nothing = { pid: null, tid: null, taskd: null, name: null, createTime: null };
    expect(eventRow({ name: 'task-change', event: { cpu: 1 } })).toEqual({
      event: 'task-change',
      cpu: 1,
      ...nothing,
    });
  });
});

describe.each(['watch', 'top'])('osi-linux %s', (command) => {
  it('refuses a dump', async () => {
    const { out, err, exitCode } = await run(command, dumpFile);
    expect({ out, exitCode }).toEqual({ out: '', exitCode: 1 });
    expect(err).toMatch(/is not a live guest\n[\s\S]*qmp:SOCKET or gdb:HOST:PORT[\s\S]*SOURCE_NOT_LIVE/);
  });

  it('says that nobody listens', async () => {
    const { err, exitCode } = await run(command, 'qmp:/no/such/socket');
    expect(err).toMatch(/LIVE_CONNECT_FAILED/);
    expect(exitCode).toBe(1);
  });

  it.each([
    ['--interval', '0'],
    ['--interval', 'x'],
    ['--count', '0'],
  ])('refuses %s %s', async (...args) => {
    expect((await run(command, 'qmp:/no/such/socket', ...args)).exitCode).toBe(2);
  });
});

it.each(['task-change,fork', ''])('refuses --events "%s"', async (names) => {
  const { err, exitCode } = await run('watch', 'qmp:/no/such/socket', '--events', names);
  expect(err).toMatch(/expected one or more of task-change, process-start, process-end, exec/);
  expect(exitCode).toBe(2);
});
