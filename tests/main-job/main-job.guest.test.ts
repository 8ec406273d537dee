import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openGuest } from '@osi-linux/guest';
import { openDumpFile, openGuestFile } from '@osi-linux/guest/node';
import { findSchemaRow, parseKeyFile } from '@osi-linux/kconf';
import {
  buildGuest,
  findModuleWarnings,
  guestSpec,
  guestsOfThisRun,
} from '@osi-linux/test-fixtures/guest-builder';
import {
  compareCurrent,
  compareUnanswerable,
  type GuestTruth,
  parseGuestTruth,
  parseTruthRecords,
  plantFaults,
  type Row,
  truthChecks,
} from '@osi-linux/test-fixtures/truth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// The commands as they are installed: built, on plain Node, in a process of their own.
const dist = fileURLToPath(new URL('../../tools/cli/dist/', import.meta.url));
const reports = fileURLToPath(new URL('../../.reports/guests/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'main-job-'));
const conf = join(folder, 'kernelinfo.conf');
afterAll(() => rmSync(folder, { recursive: true }));

/** A key file without a group: the values of a section have to come from the guest itself. */
const nothing = join(folder, 'nothing.conf');
writeFileSync(nothing, '');
/** The warning of each command that is given that file. */
const UNFIT = `warning: key file: ${nothing} has no section `;

function run(command: string, ...args: string[]) {
  const { stdout, stderr, status } = spawnSync('node', [join(dist, `${command}.js`), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  });
  return { out: stdout, err: stderr, status: status ?? -1 };
}

/** Runs a command of osi-linux, such as `maps --threads`, with a section of the one key file that all guests share, or with none. */
function ask(words: string, dump: string, group: string | undefined) {
  const [command = '', ...options] = words.split(' ');
  const profile =
    group === undefined ? ['--kconf-file', nothing] : ['--kconf-file', conf, '--kconf-group', group];
  const { out, err: all, status } = run('osi-linux', command, dump, ...options, ...profile, '--json');
  const err = all
    .split('\n')
    .filter((line) => !line.startsWith(UNFIT))
    .join('\n');
  return { rows: (out === '' ? [] : JSON.parse(out)) as Row[], err, status };
}

/** How many pages of readable mappings are PROT_NONE in the page tables; each of them is read. */
function countMarkedPages(dump: string, group: string): number {
  const guest = openGuestFile(dump, { kconfFile: conf, kconfGroup: group });
  let count = 0;
  for (const process of guest.osi.getProcesses().filter(({ asid }) => asid !== null)) {
    const tables = guest.memory.withRoot(Number(process.asid));
    for (const { base, size, flags } of guest.osi.getMappings(process)) {
      // VM_READ
      if (flags === null || (BigInt(flags) & 1n) === 0n) continue;
      for (let at = base; at < base + BigInt(size) && at < base + 0x200000n; at += 4096n) {
        const walked = tables.walk(at);
        if (walked.fault === undefined || walked.nonPresent?.kind !== 'prot-none') continue;
        count += 1;
        expect(tables.page(at)?.bytes).toBeDefined();
      }
    }
  }
  return count;
}

/** Writes a guest's RAM as QEMU's memory-backend-file holds it: without the hole below 4 GiB. */
function writeRamFile(dump: string, machine: string): { readonly file: string; readonly below: number } {
  const below = Number(/max-ram-below-4g=(\d+)M/.exec(machine)?.[1]) * 2 ** 20;
  const file = join(folder, 'ram');
  const { memory, close } = openDumpFile(dump);
  const out = openSync(file, 'w');
  for (const { start, end } of memory.ranges) {
    for (let at = start; at < end; at += 4096) {
      const to = at < below ? at : at - 2 ** 32 + below;
      // The firmware of a PC lies just below 4 GiB and is not RAM.
      if (at < below || at >= 2 ** 32)
        writeSync(out, memory.page(at / 4096)?.bytes ?? new Uint8Array(4096), 0, 4096, to);
    }
  }
  closeSync(out);
  close();
  return { file, below };
}

/** The commands that every guest answers, options left out. */
const LISTINGS = [
  ...['ps', 'threads', 'maps', 'maps --threads', 'files', 'files --threads', 'modules', 'mounts', 'env'],
  ...['sockets', 'dmesg'],
];

const guests = guestsOfThisRun();
/** Where each boot lies: the address of `init_task`. */
const places = new Map<string, string>();

describe.each(guests)('$name', (row) => {
  const { name } = row;
  let started = 0;
  const differences: Record<string, number> = {};
  const known: Record<string, number> = {};
  const compared: Record<string, number> = {};
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

  // The lines that `pnpm guests:all` prints at its end.
  afterAll(() => {
    const seconds = Math.round((Date.now() - started) / 1000);
    mkdirSync(reports, { recursive: true });
    const report = { name, release, module, differences, known, compared, seconds };
    writeFileSync(join(reports, `${name}.json`), `${JSON.stringify(report)}\n`);
  });

  it('is what its name says', () => {
    expect(file('dmesg.log')).toMatch(row.logSays);
    expect(file('dmesg.log').includes('nokaslr')).toBe(!row.kaslr);
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

  it.each(['dump.elf', 'dump.raw'])('answers every listing from %s as its /proc did', (dump) => {
    const found: Record<string, string[]> = {};
    for (const { command, compare, unanswerable } of truthChecks(truth)) {
      const [listing = ''] = command.split(' ');
      const { rows, err, status } = ask(command, join(guest, dump), name);
      const passed: string[] = [];
      const sentences = compare(rows, passed);
      differences[listing] = (differences[listing] ?? 0) + sentences.length;
      known[listing] = (known[listing] ?? 0) + passed.length;
      compared[listing] = (compared[listing] ?? 0) + rows.length;
      found[command] = [...sentences, ...compareUnanswerable(unanswerable, { err, exitCode: status })];
      expect(rows.length, command).toBeGreaterThan(0);
    }
    expect(Object.entries(found).filter(([, sentences]) => sentences.length > 0)).toEqual([]);
    expect(Object.keys(found)).toEqual(expect.arrayContaining(LISTINGS));
  });

  it('reads pages that are PROT_NONE, by mprotect or by NUMA balancing', () => {
    const dump = join(guest, 'dump.elf');
    const cmdline = (comm: string) =>
      ask('ps', dump, name).rows.find((found) => found['name'] === comm)?.['cmdline'];
    expect(cmdline('args-protected')).toEqual(['protected', 'arguments']);
    const hidden = ask('env', dump, name).rows.flatMap(({ env }) => (Array.isArray(env) ? env : []));
    expect(hidden).toContain('A=on two pages');
    if (row.numaNodes !== undefined) expect(countMarkedPages(dump, name)).toBeGreaterThan(0);
  });

  it.runIf(row.arch === 'amd64').each(['dump.elf', 'dump.raw'])(
    'answers every listing from %s without a section too',
    (dump) => {
      const path = join(guest, dump);
      const [identity] = [ask('identify', path, undefined).rows].flat();
      expect(identity).toMatchObject({
        kernel: { release, machine: 'x86_64' },
        paging: row.paging,
        cpus: row.cpus,
        profile: { from: 'derived', group: null },
      });
      const found = truthChecks(truth).flatMap(({ command, compare, unanswerable }) => {
        const { rows, err, status } = ask(command, path, undefined);
        const sentences = [
          ...compare(rows, []),
          ...compareUnanswerable(unanswerable, { err, exitCode: status }),
        ];
        return rows.length > 0 ? sentences : [`${command}: no rows`];
      });
      expect(found).toEqual([]);
    },
  );

  it.runIf(row.arch === 'i386')(
    'has no BTF: without a section it answers the log alone, and says what is needed',
    () => {
      const path = join(guest, 'dump.elf');
      const { rows, err, status } = ask('dmesg', path, undefined);
      const { rows: expected } = ask('dmesg', path, name);
      expect({ rows, err, status }).toEqual({ rows: expected, err: '', status: 0 });
      const section = readFileSync(conf, 'utf8').split(`[${name}]`)[1] ?? '';
      const value = (key: string) => new RegExp(`^${key} = (.*)$`, 'm').exec(section)?.[1] ?? '';
      const init = `0x${BigInt(value('task\\.init_addr')).toString(16)}`;
      for (const dump of ['dump.elf', 'dump.raw']) {
        const ps = ask('ps', join(guest, dump), undefined);
        expect({ rows: ps.rows, status: ps.status }).toEqual({ rows: [], status: 1 });
        expect(ps.err).toContain('the kernel has no BTF');
        expect(ps.err).toContain(`the guest's banner is "Linux version ${release} `);
        expect(ps.err).toMatch(
          new RegExp(
            `its image begins at 0x[0-9a-f]+, which KASLR moved by 0x[0-9a-f]+, in ${row.paging} paging`,
          ),
        );
        expect(ps.err).toContain(`its init_task is at ${init}: its name is "swapper/0"`);
        expect(ps.err).toContain(`a section for it has the name ${value('name')}\n`);
        expect(ps.err).toContain('load the kernelinfo module in the running guest and import its log');
      }
    },
  );

  it.runIf(row.arch === 'amd64')('writes the section itself that the module printed', () => {
    const output = join(folder, 'derived.conf');
    const derive = ['kconf', 'derive', join(guest, 'dump.elf'), '--group', name, '--output', output];
    expect(run('osi-linux', ...derive).status).toBe(0);
    const section = (path: string) => {
      const { out } = run('osi-linux', 'kconf', 'show', path, name, '--raw', '--json');
      return (JSON.parse(out) as Record<string, Record<string, unknown>>)[name] ?? {};
    };
    const printed = Object.entries(section(output)).filter(
      ([key]) => findSchemaRow(key)?.typesAlone !== true,
    );
    expect(Object.fromEntries(printed)).toEqual(section(conf));
    expect(run('osi-linux', 'kconf', 'check', output, name, '--strict').status).toBe(0);
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

  it('has the comparisons report whatever is planted', () => {
    for (const { command, compare } of truthChecks(truth)) {
      const { rows } = ask(command, join(guest, 'dump.elf'), name);
      const faults = plantFaults(rows);
      expect(faults.length, command).toBeGreaterThan(4);
      for (const { fault, rows: wrong } of faults)
        expect(compare(wrong, []).length, `${command}: ${fault}`).toBeGreaterThan(0);
    }
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

  it.runIf(row.machine?.includes('max-ram-below-4g'))(
    'answers the same from its RAM file, where the part above 4 GiB follows on the part below',
    () => {
      const split = writeRamFile(join(guest, 'dump.elf'), row.machine ?? '');
      for (const listing of ['ps', 'maps', 'files', 'env', 'modules']) {
        // A derived profile knows more: the work in the titles of workers.
        for (const group of row.arch === 'amd64' ? [name, undefined] : [name]) {
          const { rows } = ask(listing, join(guest, 'dump.elf'), group);
          for (const options of ['', ` --below-4g ${split.below}`]) {
            const found = ask(`${listing}${options}`, split.file, group);
            expect({ listing, options, group, rows: found.rows }).toEqual({ listing, options, group, rows });
          }
        }
      }
      const [identity] = [ask('identify', split.file, name).rows].flat();
      expect(identity).toMatchObject({
        format: 'raw',
        findings: expect.arrayContaining([expect.objectContaining({ what: 'layout' })]),
      });
      const source = { keyFile: parseKeyFile(readFileSync(conf)), kconfGroup: name };
      const { cpus } = openDumpFile(join(guest, 'dump.elf'));
      const { osi } = openGuest({ ...openDumpFile(split.file), cpus }, source);
      expect(osi.getCurrentProcess(0)?.pid).toBe(truth.cpus[0]?.pid);
      rmSync(split.file);
    },
  );

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
      // KASLR may have put the kernel's own page tables behind the cut: without them no path leads to the
      // tasks.
      const isRootGone = /page table not in memory: (PML[45]E?|PDPTE?|PDE?) entry/.test(err);
      if (!isRootGone) expect(rows.length, `of ${share}`).toBeGreaterThanOrEqual(whole.length / 2);
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

  it('are each read with the section of the other, moved to where KASLR put them', async () => {
    const row = guests.find(({ name }) => name === first);
    if (row === undefined) throw new Error(`${first} is not booted in this run`);
    const dump = join(await buildGuest(guestSpec(row)), 'dump.elf');
    for (const listing of LISTINGS) {
      const [own, other] = [ask(listing, dump, first), ask(listing, dump, second)];
      expect({ listing, rows: other.rows }).toEqual({ listing, rows: own.rows });
    }
    const chosen = run('osi-linux', 'identify', dump, '--kconf-file', conf, '--json');
    expect(JSON.parse(chosen.out).profile).toEqual({ from: 'section', group: first });
  });

  const foreign = guests.find(({ name }) => !name.startsWith('debian-12'));
  it.runIf(foreign !== undefined)('are told from another kernel', async () => {
    const row = guests.find(({ name }) => name === first);
    if (row === undefined || foreign === undefined) throw new Error(`${first} is not booted in this run`);
    const dump = join(await buildGuest(guestSpec(row)), 'dump.elf');
    const { rows, err, status } = ask('ps', dump, foreign.name);
    expect({ rows, status }).toEqual({ rows: [], status: 1 });
    expect(err).toMatch(/does not fit this dump[\s\S]*the guest's banner is "Linux version 6\.1\./);
  });
});
