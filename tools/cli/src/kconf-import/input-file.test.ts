import { execFileSync, spawn } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type InputClock, readWholeFile } from './input-file';

const folder = mkdtempSync(join(tmpdir(), 'input-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = (name: string): string => join(folder, name);
const code = (name: string): unknown => expect.objectContaining({ code: name });

/** A clock that passes only while somebody sleeps. */
function turnedClock(): InputClock & { slept: number } {
  const clock = {
    slept: 0,
    now: () => clock.slept,
    sleep: (milliseconds: number) => {
      clock.slept += milliseconds;
    },
  };
  return clock;
}

describe('readWholeFile', () => {
  it('counts the bytes, and reads as many as are allowed', () => {
    writeFileSync(path('ten'), '0123456789');
    expect(Buffer.from(readWholeFile(path('ten'), undefined, 10)).toString()).toBe('0123456789');
    expect(() => readWholeFile(path('ten'), undefined, 9)).toThrow(`${path('ten')} has more than 9 bytes`);
    writeFileSync(path('large'), '');
    truncateSync(path('large'), 2 ** 26 + 1);
    expect(() => readWholeFile(path('large'))).toThrow(`${path('large')} has more than 64 MiB`);
  });
});

describe.runIf(process.platform === 'linux')('what is not a regular file', () => {
  it('is counted while it is read, if its size is not known', () => {
    // The size of every file of /proc is 0.
    expect(readWholeFile('/proc/self/maps').length).toBeGreaterThan(1000);
    expect(() => readWholeFile('/proc/self/maps', undefined, 1000)).toThrow(code('INPUT_TOO_LARGE'));
  });

  it.each(['/dev/zero', '/dev/null', '/dev/urandom'])('is refused: %s', (device) => {
    expect(() => readWholeFile(device)).toThrow(`cannot read ${device}: it is a device`);
  });

  it('is a FIFO that a process writes to', () => {
    execFileSync('mkfifo', [path('fifo')]);
    const writer = spawn('sh', ['-c', `printf one > '${path('fifo')}'`]);
    // The clock does not pass: the writer has all the time that it needs.
    const wait = new Int32Array(new SharedArrayBuffer(4));
    const clock = { now: () => 0, sleep: () => void Atomics.wait(wait, 0, 0, 5) };
    expect(Buffer.from(readWholeFile(path('fifo'), clock)).toString()).toBe('one');
    writer.kill();
  });

  it('is a FIFO without a writer, which is waited for 10 s', () => {
    execFileSync('mkfifo', [path('alone')]);
    const clock = turnedClock();
    expect(() => readWholeFile(path('alone'), clock)).toThrow(
      `cannot read ${path('alone')}: no process writes to this FIFO`,
    );
    expect(clock.slept).toBe(10_000);
  });

  it('is a pipe without a name, which is not waited for', () => {
    execFileSync('mkfifo', [path('nameless')]);
    const fd = openSync(path('nameless'), constants.O_RDONLY | constants.O_NONBLOCK);
    unlinkSync(path('nameless'));
    const clock = turnedClock();
    expect([readWholeFile(`/proc/self/fd/${fd}`, clock).length, clock.slept]).toEqual([0, 0]);
    closeSync(fd);
  });

  const readable = isReadable('/dev/kmsg');
  it.runIf(readable)('is /dev/kmsg, to its end', () => {
    const clock = turnedClock();
    expect(Buffer.from(readWholeFile('/dev/kmsg', clock)).toString()).toMatch(/^\d+,\d+,\d+,/);
    expect(clock.slept).toBe(0);
  });
});

function isReadable(device: string): boolean {
  try {
    accessSync(device, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
