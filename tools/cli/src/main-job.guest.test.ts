import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  buildGuest,
  findModuleWarnings,
  guestSpec,
  guestsOfThisRun,
} from '@osi-linux/test-fixtures/guest-builder';
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
const reports = fileURLToPath(new URL('../../../.reports/guests/', import.meta.url));
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

/** Runs a command of osi-linux with a section of the one key file that all guests share. */
function ask(command: string, dump: string, group: string) {
  const profile = ['--kconf-file', conf, '--kconf-group', group];
  const { out, err, status } = run('osi-linux', command, dump, ...profile, '--json');
  return { rows: (out === '' ? [] : JSON.parse(out)) as Row[], err, status };
}

const guests = guestsOfThisRun();
/** Where each boot lies: the address of `init_task`. */
const places = new Map<string, string>();

describe.each(guests)('$name', (row) => {
  const { name } = row;
  let started = 0;
  const differences: Record<string, number> = {};
  let module = 'not built';
  let release = '';
  let guest: string;
  let truth: GuestTruth;
  const file = (path: string) => readFileSync(join(guest, path), 'utf8');

  beforeAll(async () => {
    started = Date.now();
    guest = await buildGuest(guestSpec(row));
    truth = parseGuestTruth(parseTruthRecords(readFileSync(join(guest, 'truth'))).records, row);
    release = JSON.parse(file('guest.json')).release;
  });

  // What `pnpm guests:all` prints at its end.
  afterAll(() => {
    const seconds = Math.round((Date.now() - started) / 1000);
    mkdirSync(reports, { recursive: true });
    const report = { name, release, module, differences, seconds };
    writeFileSync(join(reports, `${name}.json`), `${JSON.stringify(report)}\n`);
  });

  it('is what its name says', () => {
    expect(file('dmesg.log')).toMatch(row.logSays);
    expect(file('dmesg.log')).not.toContain('nokaslr');
  });

  it('had its module built without a warning, and loaded', () => {
    const warnings = findModuleWarnings(file('module-build.log'));
    module = warnings.length === 0 ? 'built' : `${warnings.length} warnings`;
    expect(warnings).toEqual([]);
    expect(file('module-build.log')).toMatch(/^ {2}CC \[M\]/m);
    expect(file('insmod.log')).toContain('kernelinfo.ko: Operation not permitted');
    module = 'loaded';
  });

  it('has its log imported, with priorities as well as without', () => {
    for (const log of ['dmesg-raw.log', 'dmesg.log']) {
      const { out, status } = run(
        'kconf-import',
        join(guest, log),
        '--group',
        name,
        '--output',
        conf,
        '--replace',
      );
      expect({ out, status }).toEqual({
        out: expect.stringMatching(new RegExp(`^(added|replaced) \\[${name}\\] .* keys\n$`)),
        status: 0,
      });
    }
    const section = readFileSync(conf, 'utf8').split(`[${name}]`)[1]?.split('\n[')[0] ?? '';
    places.set(name, /^task\.init_addr = (\d+)$/m.exec(section)?.[1] ?? '');
    for (const key of row.absentKeys) expect(section).not.toContain(`${key} =`);
  });

  it.each(['dump.elf', 'dump.raw'])('answers ps and threads from %s as its /proc did', (dump) => {
    const ps = ask('ps', join(guest, dump), name);
    const threads = ask('threads', join(guest, dump), name);
    const found = { ps: compareProcesses(truth, ps.rows), threads: compareThreads(truth, threads.rows) };
    for (const [command, sentences] of Object.entries(found)) {
      differences[command] = (differences[command] ?? 0) + sentences.length;
    }
    expect(found).toEqual({ ps: [], threads: [] });
    expect(ps).toMatchObject({ err: '', status: 0 });
    expect(threads).toMatchObject({ err: '', status: 0 });
    expect(ps.rows.length).toBeGreaterThan(50);
    expect(threads.rows.length).toBeGreaterThan(ps.rows.length);
  });

  it('answers current on both processors', () => {
    const { rows, err, status } = ask('current', join(guest, 'dump.elf'), name);
    const found = compareCurrent(truth, rows);
    differences['current'] = (differences['current'] ?? 0) + found.length;
    expect(found).toEqual([]);
    expect({ err, status }).toEqual({ err: '', status: 0 });
    expect(rows).toHaveLength(row.cpus);
  });

  it('answers current from the raw file but for the mode, which only registers tell', () => {
    const { rows, status } = ask('current', join(guest, 'dump.raw'), name);
    const busy = row.state === 'spinning';
    expect(status).toBe(busy ? 1 : 0);
    expect(rows.map(({ mode }) => mode)).toEqual(busy ? [null, null] : ['kernel', 'kernel']);
    const completed = rows.map((found, cpu) => ({ ...found, mode: truth.cpus[cpu]?.mode }));
    const found = compareCurrent(truth, completed);
    differences['current'] = (differences['current'] ?? 0) + found.length;
    expect(found).toEqual([]);
  });

  it('has the comparison report what is planted', () => {
    const { rows } = ask('ps', join(guest, 'dump.elf'), name);
    const wrongUid = rows.map((found) => (found['pid'] === 1 ? { ...found, uid: 4711 } : found));
    expect(compareProcesses(truth, wrongUid)).toEqual([
      expect.stringContaining('uid: expected 0, received 4711'),
    ]);
    const withoutInit = rows.filter(({ pid }) => pid !== 1);
    expect(compareProcesses(truth, withoutInit)).toContainEqual(
      expect.stringContaining('missing row: pid 1 '),
    );
    expect(compareProcesses(truth, [...rows, { ...rows[1], pid: 99_999 }])).toContainEqual(
      expect.stringContaining('extra row: pid 99999 '),
    );
  });

  it.each(['dump.elf', 'dump.raw'])('is identified from %s', (dump) => {
    const { rows } = ask('identify', join(guest, dump), name);
    expect(rows).toMatchObject({
      format: dump.slice('dump.'.length),
      kernel: { release, machine: row.arch === 'i386' ? 'i686' : 'x86_64' },
      paging: row.paging,
      cpus: row.cpus,
      profile: { from: 'section', group: name },
    });
  });

  it('gives every row that a truncated dump still has', () => {
    const whole = ask('ps', join(guest, 'dump.elf'), name).rows;
    const cut = join(folder, 'cut.elf');
    const bytes = readFileSync(join(guest, 'dump.elf'));
    for (const share of [0.8, 0.5, 0.3]) {
      writeFileSync(cut, bytes.subarray(0, Math.floor(bytes.length * share)));
      const { rows, err, status } = ask('ps', cut, name);
      expect(status).toBe(1);
      expect(err).toMatch(/truncated: \d+ bytes are missing/);
      expect(rows.filter(({ taskd }) => !whole.some((found) => found['taskd'] === taskd))).toEqual([]);
      expect(rows.length, `of ${share}`).toBeGreaterThanOrEqual(whole.length / 2);
    }
  });
});

// The same kernel, booted twice.
const pair = ['debian-12-amd64', 'debian-12-amd64-idle'];
describe.runIf(pair.every((name) => guests.some((guest) => guest.name === name)))('two boots', () => {
  const [first = '', second = ''] = pair;

  it('lie at different addresses', () => {
    expect(places.get(first)).toMatch(/^\d{20}$/);
    expect(places.get(first)).not.toBe(places.get(second));
  });

  it('do not take each other for themselves', async () => {
    const row = guests.find(({ name }) => name === first);
    if (row === undefined) throw new Error(`${first} is not booted in this run`);
    const dump = join(await buildGuest(guestSpec(row)), 'dump.elf');
    const { rows, err, status } = ask('ps', dump, second);
    expect({ rows, status }).toEqual({ rows: [], status: 1 });
    expect(err).toMatch(/does not fit this dump[\s\S]*KASLR/);
    const chosen = run('osi-linux', 'identify', dump, '--kconf-file', conf, '--json');
    expect(JSON.parse(chosen.out).profile).toEqual({ from: 'section', group: first });
  });
});
