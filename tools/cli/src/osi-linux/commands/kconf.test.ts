import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { run as importLog } from '../../kconf-import/run';
import { ExitCode } from '../../terminal/exit-code';
import type { Io } from '../../terminal/io';
import { createProgram } from '../program';

const folder = mkdtempSync(join(tmpdir(), 'osi-linux-kconf-'));
afterAll(() => rmSync(folder, { recursive: true }));

function collect() {
  const taken = { out: '', err: '' };
  const io: Io = {
    out: (data) => {
      taken.out += typeof data === 'string' ? data : Buffer.from(data).toString('latin1');
    },
    err: (text) => {
      taken.err += text;
    },
    columns: undefined,
    colour: false,
    environment: { XDG_CONFIG_HOME: join(folder, 'config') },
    exitCode: ExitCode.Complete,
  };
  return { taken, io };
}

/** Runs `osi-linux kconf` as a process would, without one. */
async function kconf(...args: string[]) {
  const { taken, io } = collect();
  try {
    await createProgram(io).parseAsync(['node', 'osi-linux', 'kconf', ...args]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    io.exitCode = error.exitCode === 0 ? ExitCode.Complete : ExitCode.Usage;
  }
  return { ...taken, exitCode: io.exitCode };
}

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const LOGS = new URL('../../../../../test-fixtures/logs/', import.meta.url).pathname;
const { io: importIo } = collect();
const ours = join(folder, 'ours.conf');
await importLog([join(LOGS, 'debian-6.1-amd64.log'), '--group', 'debian-12', '--output', ours], importIo, {
  isTerminal: true,
  async *chunks() {
    yield new Uint8Array();
  },
});
const text = readFileSync(ours, 'utf8');

describe('kconf list', () => {
  it.each([
    ['name = #1 SMP i686\ntask.size = 8', null],
    ['version.a = 5\nversion.b = 4\ntask.size = 8', null],
    ['version.a = 2\nversion.b = 4\ntask.size = 8', 'linux24'],
  ])('gives three keys no generation that they do not show: %j', async (lines, generation) => {
    const { out } = await kconf('list', write('few.conf', `[few]\n${lines}\n`), '--json');
    expect(JSON.parse(out)).toMatchObject([{ group: 'few', generation }]);
  });

  it('tells of each group what it is, and whether PANDA loads it', async () => {
    const path = write('list.conf', `${text}\n[old]\nname = #1 SMP i686\nfs.d_name_offset = 20\n`);
    const { out, err, exitCode } = await kconf('list', path, '--json');
    expect({ err, exitCode }).toEqual({ err: '', exitCode: 0 });
    expect(JSON.parse(out)).toEqual([
      {
        group: 'debian-12',
        name: '6.1.0-56-amd64|#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)|x86_64',
        generation: 'current',
        machine: 'x86_64',
        keys: 73,
        panda: true,
      },
      { group: 'old', name: '#1 SMP i686', generation: 'panda1', machine: 'i686', keys: 2, panda: false },
    ]);
    const rows = (await kconf('list', path, '--ndjson')).out.trim().split('\n');
    expect(rows.map((row) => JSON.parse(row))).toEqual(JSON.parse(out));
    expect((await kconf('list', path)).out).toMatch(
      /^GROUP +GENERATION.*\ndebian-12 +current +x86_64 +73 +true/,
    );
  });

  it('lists the groups of a file that GLib rejects, none of which PANDA loads', async () => {
    const path = write('stray.conf', `${text}stray text\n`);
    const { out, err, exitCode } = await kconf('list', path, '--json');
    expect(JSON.parse(out)).toMatchObject([{ group: 'debian-12', panda: false }]);
    const line = text.split('\n').length;
    expect(err).toContain(`${path}:${line}: error: not a key, a group or a comment\n`);
    expect(exitCode).toBe(1);
  });
});

describe('kconf show', () => {
  it("shows the values under today's names, addresses in decimal and in hex", async () => {
    const path = write(
      'show.conf',
      '[g]\ntask.init_addr = 18446744071601993600\nfs.d_name_offset = 0x14\n[h]\n',
    );
    const { out, exitCode } = await kconf('show', path, 'g', '--json');
    expect(JSON.parse(out)).toEqual([
      { group: 'g', key: 'task.init_addr', value: '0xffffffff82613780' },
      { group: 'g', key: 'path.d_name_offset', value: 20 },
    ]);
    expect(exitCode).toBe(0);
    expect((await kconf('show', path)).out).toContain('18446744071601993600 (0xffffffff82613780)');
  });

  it('names the values that cannot be read', async () => {
    const path = write('none.conf', '[g]\ntask.size = 1060\ntask.mm_offset = None\n');
    const { out, err, exitCode } = await kconf('show', path, '--json');
    expect(JSON.parse(out)).toEqual([{ group: 'g', key: 'task.size', value: 1060 }]);
    expect(err).toContain(`${path}:3: error: task.mm_offset is "None", expected a number\n`);
    expect(exitCode).toBe(1);
  });

  it('shows every key raw, whatever it is called', async () => {
    const raw =
      '[10]\n2 = b\n1 = a\n[__proto__]\n__proto__ = x\nconstructor =\ttwo  \n[a "b":c]\nname = #1 SMP\\sx \u00e4\n[empty]\n';
    const path = write('raw.conf', raw);
    const { out, exitCode } = await kconf('show', path, '--raw', '--json');
    const read = JSON.parse(out) as object;
    expect(Object.entries(read).map(([group, keys]) => [group, Object.entries(keys as object)])).toEqual([
      [
        '10',
        [
          ['1', 'a'],
          ['2', 'b'],
        ],
      ],
      [
        '__proto__',
        [
          ['__proto__', 'x'],
          ['constructor', 'two  '],
        ],
      ],
      ['a "b":c', [['name', '#1 SMP\\sx \u00e4']]],
      ['empty', []],
    ]);
    expect(out.indexOf('"2"')).toBeLessThan(out.indexOf('"1"'));
    expect(exitCode).toBe(0);
    expect(JSON.parse((await kconf('show', path, '--raw', '--ndjson')).out)).toEqual(read);
    expect((await kconf('show', path, '--raw', '--ndjson')).out.match(/\n/g)).toHaveLength(1);
    expect(JSON.parse((await kconf('show', path, 'empty', '--raw', '--json')).out)).toEqual({ empty: {} });
    expect((await kconf('show', path, '10', '--raw')).out).toBe('[10]\n2 = b\n1 = a\n');
  });

  it('shows nothing raw of a file that GLib rejects, and names every line', async () => {
    const path = write('rejected.conf', '[g]\nk = 1\n; comment\n[h] x\n');
    const { out, err, exitCode } = await kconf('show', path, '--raw', '--json');
    expect({ out, exitCode }).toEqual({ out: '', exitCode: 1 });
    expect(err).toContain(`${path}:3: `);
    expect(err).toContain(`${path}:4: `);
  });

  it('leaves no control character raw on a terminal', async () => {
    const path = write('control.conf', '[g]\nname = \u001b[31m\nk = \u001b]0;x\u0007\n');
    for (const args of [
      ['show', path],
      ['show', path, '--raw'],
      ['list', path],
      ['check', path],
    ]) {
      expect((await kconf(...args)).out).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
    }
  });
});

describe('kconf check', () => {
  it("finds nothing to mend in our module's section, and notes that KASLR had moved the kernel", async () => {
    const { out, exitCode } = await kconf('check', ours, '--json');
    expect(JSON.parse(out)).toEqual([
      {
        line: text.split('\n').findIndex((line) => line.startsWith('task.init_addr')) + 1,
        severity: 'note',
        group: 'debian-12',
        key: 'task.init_addr',
        message: 'task.init_addr is 0xffffffff8f81aa40: KASLR had moved this kernel',
        hint: expect.any(String),
      },
    ]);
    expect(exitCode).toBe(0);
    const strict = await kconf('check', ours, '--strict');
    expect(strict).toEqual({ out: 'no findings\n', err: '', exitCode: 0 });
  });

  it("only warns of what PANDA alone refuses, and fails in PANDA's view", async () => {
    const path = write('hex.conf', text.replace('task.size = 9792', 'task.size = 0x2640'));
    const lenient = await kconf('check', path, 'debian-12', '--json');
    const rows = JSON.parse(lenient.out) as { severity: string; line: number; message: string }[];
    expect(rows.filter(({ severity }) => severity === 'warning').map(({ message }) => message)).toEqual([
      expect.stringMatching(/^PANDA refuses \[debian-12\]/),
      'task.size is hex, which PANDA does not read',
    ]);
    expect(lenient.exitCode).toBe(0);
    const strict = await kconf('check', path, '--strict', '--json');
    expect(JSON.parse(strict.out)).toMatchObject([
      { severity: 'error', key: 'task.size', group: 'debian-12' },
    ]);
    expect(strict.exitCode).toBe(1);
  });

  it.each([
    ['a wrong value', text.replace('task.mm_offset = 2272', 'task.mm_offset = 2432'), 'task.mm_offset'],
    ['a missing key', text.replace('mm.pgd_offset = 72\n', ''), 'mm.pgd_offset'],
    ['a malformed line', `${text}stray\n`, null],
  ])('fails for %s', async (_what, content, key) => {
    const { out, exitCode } = await kconf('check', write('wrong.conf', content), '--json');
    const faults = (JSON.parse(out) as { severity: string; key: string | null }[]).filter(
      ({ severity }) => severity === 'error' || severity === 'incomplete',
    );
    expect(faults).toMatchObject([{ key }]);
    expect(exitCode).toBe(1);
  });

  it('tells people the place, what is wrong and what to do, and counts the faults', async () => {
    const path = write('empty-group.conf', '[g]\nversion.a = 5\ntask.size = x\n[h]\nversion.a = 5\n');
    const { out } = await kconf('check', path, 'g');
    expect(out).toContain(`${path}:1: incomplete: [g] required key name is missing\n`);
    expect(out).toContain(`${path}:3: error: [g] task.size is "x", expected a number\n  hint: numbers are`);
    expect(out).toMatch(/\n53 findings, 53 errors\n$/);
  });

  it('tells of a group what is wrong with its lines in the file, and not that of another group', async () => {
    const twice = write('twice.conf', '[g]\nk = 1\nk = 2\n[h]\nm = 1\nm = 2\nm = 3\n');
    const linesOf = async (...args: string[]) => {
      const rows = JSON.parse((await kconf('check', twice, ...args, '--json')).out) as {
        message: string;
        line: number;
      }[];
      return rows.filter(({ message }) => message.includes('already')).map(({ line }) => line);
    };
    expect(await linesOf()).toEqual([3, 6, 7]);
    expect(await linesOf('g')).toEqual([3]);
    expect(await linesOf('h')).toEqual([6, 7]);
  });

  it('ends the list of findings in a hostile file, and says so', async () => {
    const groups = Array.from({ length: 3000 }, (_, index) => `[${index}]\nk = 1\n`);
    const { out, exitCode } = await kconf('check', write('many.conf', groups.join('')), '--ndjson');
    const rows = out.trim().split('\n');
    expect(rows.length).toBeLessThan(101_100);
    expect(JSON.parse(rows.at(-1) ?? '')).toMatchObject({
      severity: 'error',
      message: expect.stringContaining('not checked'),
    });
    expect(exitCode).toBe(1);
  });
});

describe('kconf diff', () => {
  const path = write(
    'diff.conf',
    '[a]\ntask.init_addr = 18446744071601993600\ntask.size = 9216\nname = x\nk = 1\n' +
      '[b]\ntask.init_addr = 18446744071602009920\ntask.size = 9216\nmm.size = 1032\nk = 2\n',
  );

  it('tells the keys that differ, in the order of the schema', async () => {
    const { out, exitCode } = await kconf('diff', path, 'a', 'b', '--json');
    expect(JSON.parse(out)).toEqual([
      { key: 'name', a: 'x', b: null },
      { key: 'task.init_addr', a: '0xffffffff82613780', b: '0xffffffff82617740' },
      { key: 'mm.size', a: null, b: 1032 },
      { key: 'k', a: '1', b: '2' },
    ]);
    expect(exitCode).toBe(0);
  });

  it('shows addresses in hex beside decimal, and nothing of a group and itself', async () => {
    const { out } = await kconf('diff', path, 'a', 'b');
    expect(out).toMatch(/^KEY +\[a\] +\[b\]\n/);
    expect(out).toContain(
      '18446744071601993600 (0xffffffff82613780)  18446744071602009920 (0xffffffff82617740)',
    );
    expect(await kconf('diff', path, 'a', 'a')).toEqual({ out: 'no key differs\n', err: '', exitCode: 0 });
    expect((await kconf('diff', path, 'a', 'a', '--json')).out).toBe('[]\n');
  });
});

describe('mistakes', () => {
  it.each([['show'], ['check'], ['diff']])('%s of an unknown group names the nearest', async (command) => {
    const path = write('names.conf', '[ubuntu:5.4:64]\n[debian-12]\n[debian-11]\n');
    const { out, err, exitCode } = await kconf(
      command,
      path,
      'debian-1',
      ...(command === 'diff' ? ['x'] : []),
    );
    expect({ out, exitCode }).toEqual({ out: '', exitCode: 1 });
    expect(err).toContain(`${path} has no group [debian-1]`);
    expect(err).toContain('nearest name first: [debian-12] [debian-11] [ubuntu:5.4:64]');
  });

  it('in the file are reported', async () => {
    const { err, exitCode } = await kconf('list', join(folder, 'absent.conf'));
    expect(err).toMatch(/cannot read .*absent\.conf\n {2}because: ENOENT/);
    expect(exitCode).toBe(1);
  });

  it.each([[[]], [['nonsense']], [['list']], [['diff', 'f', 'a']], [['show', 'f', '--strict']]])(
    'of usage exit with 2: %j',
    async (args) => {
      const { out, exitCode } = await kconf(...args);
      expect({ out, exitCode }).toEqual({ out: '', exitCode: 2 });
    },
  );
});
