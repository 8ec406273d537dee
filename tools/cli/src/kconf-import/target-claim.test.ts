import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive, ownClaimOwner } from './claim-owner';
import { dropClaim, takeClaim } from './target-claim';

let folder = '';
let target = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'target-claim-'));
  target = join(folder, 'k.conf');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The name of a claim on the same file, with parts of it changed. */
async function claimName(change: (parts: string[]) => void): Promise<string> {
  const claim = await takeClaim(target);
  const parts = (readdirSync(folder)[0] ?? '').split('-');
  dropClaim(claim);
  change(parts);
  return parts.join('-');
}

/** A clock that goes on only while somebody sleeps by it, and notes for how long. */
class TurnedClock {
  slept = 0;
  private readonly start = Date.now();
  now = () => this.start + this.slept;
  sleep = async (milliseconds: number) => {
    this.slept += milliseconds;
  };
}

const PID = 4;
const START = 5;

describe('takeClaim', () => {
  it('makes a file that its owner alone can read, and removes it', async () => {
    const claim = await takeClaim(target);
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^\.kconf-import-.*\.tmp$/)]);
    dropClaim(claim);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('gives up on the claim of a living process after its patience, and names the process', async () => {
    const first = await takeClaim(target);
    const clock = new TurnedClock();
    await expect(takeClaim(target, 5000, clock)).rejects.toMatchObject({
      code: 'FILE_LOCKED',
      message: expect.stringContaining(`process id ${process.pid}`),
    });
    expect(clock.slept).toBeGreaterThan(5000);
    expect(clock.slept).toBeLessThan(5100);
    const second = takeClaim(target);
    dropClaim(first);
    dropClaim(await second);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('does not wait for claims on other files', async () => {
    const first = await takeClaim(target);
    dropClaim(await takeClaim(join(folder, 'other.conf'), 0));
    dropClaim(first);
  });

  it('clears away what a dead process has left', async () => {
    const { pid = 0 } = spawnSync(process.execPath, ['-e', '']);
    const name = await claimName((parts) => {
      parts[PID] = String(pid);
    });
    writeFileSync(join(folder, name), 'half');
    dropClaim(await takeClaim(target, 0));
    expect(existsSync(join(folder, name))).toBe(false);
  });

  it('does not take a later process with the same number for the owner', async () => {
    const name = await claimName((parts) => {
      parts[START] = String(Number(parts[START]) + 1);
    });
    writeFileSync(join(folder, name), '');
    dropClaim(await takeClaim(target, 0));
    expect(readdirSync(folder)).toEqual([]);
  });

  it('takes a claim from elsewhere for a dead one after ten seconds, not sooner', async () => {
    const name = await claimName((parts) => {
      parts[3] = '00000000';
    });
    writeFileSync(join(folder, name), '');
    const clock = new TurnedClock();
    const written = clock.now() / 1000;
    utimesSync(join(folder, name), written, written);
    await expect(takeClaim(target, 9000, clock)).rejects.toMatchObject({ code: 'FILE_LOCKED' });
    dropClaim(await takeClaim(target, 9000, clock));
    expect(readdirSync(folder)).toEqual([]);
    writeFileSync(join(folder, name), '');
    utimesSync(join(folder, name), 0, 0);
    dropClaim(await takeClaim(target, 0));
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves files of other names alone', async () => {
    writeFileSync(join(folder, '.kconf-import-notes.tmp'), 'mine');
    dropClaim(await takeClaim(target));
    expect(readFileSync(join(folder, '.kconf-import-notes.tmp'), 'utf8')).toBe('mine');
  });
});

describe('isAlive', () => {
  it('knows this process, and one that has ended', async () => {
    expect(isAlive(ownClaimOwner())).toBe(true);
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
    const owner = { realm: '', pid: child.pid ?? 0, start: 0 };
    expect(isAlive(owner)).toBe(true);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    expect(isAlive(owner)).toBe(false);
  });
});
