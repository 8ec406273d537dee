import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGuest, type GuestSpec } from '@osi-linux/test-fixtures/guest-builder';
import {
  compareCurrent,
  compareProcesses,
  compareThreads,
  type GuestTruth,
  parseGuestTruth,
  parseTruthRecords,
  type Row,
} from '@osi-linux/test-fixtures/truth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// The commands as they are installed: built, on plain Node, in a process of their own.
const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'main-job-'));
const conf = join(folder, 'kernelinfo.conf');
afterAll(() => rmSync(folder, { recursive: true }));

function run(command: string, ...args: string[]) {
  try {
    const out = execFileSync('node', [join(dist, `${command}.js`), ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 28,
    });
    return { out, err: '', status: 0 };
  } catch (error) {
    const { stdout, stderr, status } = error as { stdout: string; stderr: string; status: number };
    return { out: stdout, err: stderr, status };
  }
}

const guests: (GuestSpec & { group: string; log: string })[] = (['spinning', 'idle'] as const).map(
  (state) => ({
    suite: 'bookworm',
    arch: 'amd64',
    kernelPackage: 'linux-image-amd64',
    cpus: 2,
    memoryMiB: 256,
    kaslr: true,
    state,
    group: `boot-${state}`,
    log: state === 'idle' ? 'dmesg-raw.log' : 'dmesg.log',
  }),
);

/** Where each boot lies: the shift of its image, and the physical address of `init_task`. */
const places: string[] = [];

function initTask(group: string): string {
  const section = readFileSync(conf, 'utf8').split(`[${group}]`)[1] ?? '';
  return /^task\.init_addr = (\d+)$/m.exec(section)?.[1] ?? '';
}

describe.each(guests)('a Debian 12 guest, $state', ({ group, log, ...spec }) => {
  let guest: string;
  let truth: GuestTruth;
  const ask = (command: string, dump: string) => {
    const { out, err, status } = run(
      'osi-linux',
      command,
      join(guest, dump),
      '--kconf-file',
      conf,
      '--kconf-group',
      group,
      '--json',
    );
    return { rows: (out === '' ? [] : JSON.parse(out)) as Row[], err, status };
  };

  beforeAll(async () => {
    guest = await buildGuest(spec);
    truth = parseGuestTruth(parseTruthRecords(readFileSync(join(guest, 'truth'))).records, spec);
  });

  it('has its log imported', () => {
    const { out, status } = run('kconf-import', join(guest, log), '--group', group, '--output', conf);
    expect({ out, status }).toEqual({
      out: expect.stringMatching(new RegExp(`^added \\[${group}\\] to .* keys\n$`)),
      status: 0,
    });
  });

  it.each(['dump.elf', 'dump.raw'])(
    'answers ps and threads from %s as its /proc did: 0 differences',
    (dump) => {
      const ps = ask('ps', dump);
      expect(ps).toMatchObject({ err: '', status: 0 });
      expect(compareProcesses(truth, ps.rows)).toEqual([]);
      const threads = ask('threads', dump);
      expect(threads).toMatchObject({ err: '', status: 0 });
      expect(compareThreads(truth, threads.rows)).toEqual([]);
      expect(threads.rows.length).toBeGreaterThan(ps.rows.length);
    },
  );

  it('answers current on both processors', () => {
    const { rows, err, status } = ask('current', 'dump.elf');
    expect({ err, status }).toEqual({ err: '', status: 0 });
    expect(compareCurrent(truth, rows)).toEqual([]);
  });

  it('answers current from the raw file but for the mode, which only registers tell', () => {
    const { rows, status } = ask('current', 'dump.raw');
    const busy = spec.state === 'spinning';
    expect(status).toBe(busy ? 1 : 0);
    expect(rows.map(({ mode }) => mode)).toEqual(busy ? [null, null] : ['kernel', 'kernel']);
    const completed = rows.map((row, cpu) => ({ ...row, mode: truth.cpus[cpu]?.mode }));
    expect(compareCurrent(truth, completed)).toEqual([]);
  });

  it('has the comparison report what is planted', () => {
    const { rows } = ask('ps', 'dump.elf');
    const wrongUid = rows.map((row) => (row['pid'] === 1 ? { ...row, uid: 4711 } : row));
    expect(compareProcesses(truth, wrongUid)).toEqual([
      expect.stringContaining('uid: expected 0, received 4711'),
    ]);
    expect(
      compareProcesses(
        truth,
        rows.filter(({ pid }) => pid !== 1),
      ),
    ).toContainEqual(expect.stringContaining('missing row: pid 1 '));
    expect(compareProcesses(truth, [...rows, { ...rows[1], pid: 99_999 }])).toContainEqual(
      expect.stringContaining('extra row: pid 99999 '),
    );
  });

  it('is identified, and KASLR is on', () => {
    const identity = ask('identify', 'dump.raw').rows as unknown as Record<string, unknown>;
    expect(identity).toMatchObject({
      format: 'raw',
      paging: '4-level',
      cpus: 2,
      profile: { from: 'section', group },
    });
    const { out } = run(
      'osi-linux',
      'translate',
      join(guest, 'dump.raw'),
      initTask(group),
      '--kconf-file',
      conf,
      '--json',
    );
    places.push(`${identity['kaslrShift']} ${JSON.parse(out).physical}`);
  });

  it('gives every row that a truncated dump still has', () => {
    const whole = ask('ps', 'dump.elf').rows;
    const cut = join(folder, 'cut.elf');
    for (const share of [0.8, 0.5, 0.3]) {
      const bytes = readFileSync(join(guest, 'dump.elf'));
      execFileSync('dd', [`of=${cut}`, 'bs=1M', 'status=none'], {
        input: bytes.subarray(0, Math.floor(bytes.length * share)),
      });
      const { out, err, status } = run(
        'osi-linux',
        'ps',
        cut,
        '--kconf-file',
        conf,
        '--kconf-group',
        group,
        '--json',
      );
      expect(status).toBe(1);
      expect(err).toMatch(/truncated: \d+ bytes are missing/);
      const rows = JSON.parse(out) as Row[];
      expect(rows.filter(({ taskd }) => !whole.some((row) => row['taskd'] === taskd))).toEqual([]);
      expect(rows.length).toBeGreaterThanOrEqual(whole.length / 2);
    }
  });
});

describe('two boots', () => {
  it('lie at different addresses', () => {
    expect(new Set(places).size).toBe(guests.length);
  });

  it('do not take each other for themselves', async () => {
    const [first, second] = guests;
    if (first === undefined || second === undefined) throw new Error('two guests are needed');
    const { group: _, log: __, ...spec } = first;
    const dump = join(await buildGuest(spec), 'dump.elf');
    const { out, err, status } = run(
      'osi-linux',
      'ps',
      dump,
      '--kconf-file',
      conf,
      '--kconf-group',
      second.group,
      '--json',
    );
    expect({ out, status }).toEqual({ out: '', status: 1 });
    expect(err).toMatch(/does not fit this dump[\s\S]*KASLR/);
    const chosen = run('osi-linux', 'identify', dump, '--kconf-file', conf, '--json');
    expect(JSON.parse(chosen.out).profile).toEqual({ from: 'section', group: first.group });
  });
});
