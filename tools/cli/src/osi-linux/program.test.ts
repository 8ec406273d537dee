import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  findInconsistencies,
  readRecordedGuest,
  readRecordedGuests,
} from '@osi-linux/test-fixtures/recorded';
import {
  compareCurrent,
  compareUnanswerable,
  plantFaults,
  type Row,
  truthChecks,
} from '@osi-linux/test-fixtures/truth';
import { CommanderError } from 'commander';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { shippedKeyFile } from '../settings/shipped-key-file';
import { ExitCode } from '../terminal/exit-code';
import type { Io } from '../terminal/io';
import { createProgram } from './program';

const folder = mkdtempSync(join(tmpdir(), 'osi-linux-program-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the command line as a process would, without one. */
async function run(args: readonly string[], environment: Record<string, string> = {}) {
  let [out, err] = ['', ''];
  const io: Io = {
    out: (data) => {
      out += typeof data === 'string' ? data : Buffer.from(data).toString('latin1');
    },
    err: (text) => {
      err += text;
    },
    columns: undefined,
    colour: false,
    environment: { XDG_CONFIG_HOME: join(folder, 'config'), ...environment },
    exitCode: ExitCode.Complete,
  };
  try {
    await createProgram(io).parseAsync(['node', 'osi-linux', ...args]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    io.exitCode = error.exitCode === 0 ? ExitCode.Complete : ExitCode.Usage;
  }
  return { out, err, exitCode: io.exitCode };
}

async function rowsOf(...args: string[]): Promise<Row[]> {
  const { out, err, exitCode } = await run([...args, '--json']);
  expect({ err, exitCode }).toEqual({ err: '', exitCode: 0 });
  return JSON.parse(out) as Row[];
}

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const recorded = readRecordedGuests();

describe.each(recorded)('on the recorded guest $name', ({ dumpFile, kconfFile, manifest, truth }) => {
  const profile = ['--kconf-file', kconfFile];
  /** The fields that the guest itself could not answer are compared with its truth below. */
  const listed = async (command: string) => {
    const args = [command, dumpFile, ...profile];
    return truth === undefined
      ? rowsOf(...args)
      : (JSON.parse((await run([...args, '--json'])).out) as Row[]);
  };

  it('the listings agree with each other', async () => {
    const listings = {
      ps: await listed('ps'),
      threads: await listed('threads'),
      current: await listed('current'),
    };
    expect(findInconsistencies(listings)).toEqual([]);
    expect(listings.ps.length).toBeGreaterThan(manifest.cpus);
    expect(listings.current.map(({ cpu }) => cpu)).toEqual(
      Array.from({ length: manifest.cpus }, (_, cpu) => cpu),
    );
  });

  it('identify says what the manifest does', async () => {
    const { out } = await run(['identify', dumpFile, ...profile, '--json']);
    expect(JSON.parse(out)).toMatchObject({
      kernel: manifest.kernel,
      paging: manifest.paging,
      cpus: manifest.cpus,
      profile: { from: 'section', group: manifest.name },
    });
  });
});

const asked = recorded.flatMap(({ truth, ...rest }) => (truth === undefined ? [] : [{ ...rest, truth }]));

describe.each(asked)(
  'on the recorded guest $name, which was asked itself',
  ({ dumpFile, kconfFile, truth }) => {
    const profile = ['--kconf-file', kconfFile];
    const withDump = (words: string) => {
      const [command = '', ...options] = words.split(' ');
      return [command, dumpFile, ...options, ...profile];
    };

    it.each(truthChecks(truth))('$command equals /proc', async ({ command, compare, unanswerable }) => {
      const { out, err, exitCode } = await run([...withDump(command), '--json']);
      const rows = JSON.parse(out) as Row[];
      expect(compare(rows, [])).toEqual([]);
      expect(compareUnanswerable(unanswerable, { err, exitCode })).toEqual([]);
      expect(rows.length).toBeGreaterThan(0);
      for (const { fault, rows: wrong } of plantFaults(rows))
        expect(compare(wrong, []).length, fault).toBeGreaterThan(0);
    });

    it('tells paths from the root of each process with --own-root', async () => {
      const env = async (...options: string[]) =>
        JSON.parse((await run(['env', dumpFile, ...profile, ...options, '--json'])).out) as Row[];
      const rows = await env();
      const own = await env('--own-root');
      const roots = own.flatMap(({ root }) => (root === null ? [] : [String(root)]));
      expect(new Set(roots.map((root) => root.replace(' (deleted)', '')))).toEqual(new Set(['/']));
      const inside = rows.flatMap(({ root, cwd }, at) =>
        root !== '/' && String(cwd).startsWith(`${String(root)}/`) ? [{ at, root, cwd }] : [],
      );
      expect(inside.length).toBeGreaterThan(0);
      for (const { at, root, cwd } of inside) {
        expect(own[at]?.['cwd']).toBe(String(cwd).slice(String(root).length));
      }
    });

    it('current equals what each processor ran', async () => {
      const rows = await rowsOf('current', dumpFile, ...profile);
      expect(compareCurrent(truth, rows)).toEqual([]);
      expect(rows.map(({ cpu }) => cpu)).toEqual(truth.cpus.map(({ cpu }) => cpu));
    });
  },
);

const { dumpFile, kconfFile } = readRecordedGuest('debian-12-amd64');
const profile = ['--kconf-file', kconfFile];
const dump = readFileSync(dumpFile);

describe('the output', () => {
  it('is a table in which no control character of a name is raw', async () => {
    const { out, exitCode } = await run(['ps', dumpFile, ...profile]);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^PID +PPID +UID +NAME/);
    expect(out).toContain('\\x1b[31m');
    expect(out).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
  });

  it('is a row a line with --ndjson', async () => {
    const { out } = await run(['ps', dumpFile, ...profile, '--ndjson']);
    const rows = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Row);
    expect(rows).toEqual(await rowsOf('ps', dumpFile, ...profile));
  });

  it('has the fields of the contract, and absent things as null without a reason', async () => {
    const [swapper] = await rowsOf('ps', dumpFile, ...profile);
    expect(swapper).toEqual({
      pid: 0,
      ppid: 0,
      name: 'swapper/0',
      title: 'swapper/0',
      taskd: expect.stringMatching(/^0xffffffff[0-9a-f]{8}$/),
      pgd: null,
      asid: null,
      createTime: 0,
      uid: 0,
      gid: 0,
      euid: 0,
      egid: 0,
      kernelThread: true,
      cmdline: [],
    });
  });

  it('keeps to the processes that were asked for, and names the one that is not there', async () => {
    expect(
      (await rowsOf('ps', dumpFile, ...profile, '--pid', '2', '--pid', '1')).map(({ pid }) => pid),
    ).toEqual([1, 2]);
    const { err, exitCode } = await run(['ps', dumpFile, ...profile, '--pid', '99999']);
    expect(err).toBe('no process 99999 in this guest\n');
    expect(exitCode).toBe(1);
    for (const command of ['threads', 'maps', 'sockets', 'mounts', 'current']) {
      const absent = await run([command, dumpFile, ...profile, '--pid', '99999']);
      expect([absent.err, absent.exitCode]).toEqual(['no process 99999 in this guest\n', 1]);
    }
  });

  it('has no row, and no error, for a process that runs on no processor', async () => {
    const { out, err, exitCode } = await run(['current', dumpFile, ...profile, '--pid', '2', '--json']);
    expect([out.trim(), err, exitCode]).toEqual(['[]', '', 0]);
  });
});

describe('translate and read', () => {
  const initTask = /^task\.init_addr = (\d+)$/m.exec(readFileSync(kconfFile, 'utf8'))?.[1] ?? '';

  it('show the entries on the way and the bytes behind', async () => {
    const { out } = await run(['translate', dumpFile, initTask, ...profile, '--json']);
    const row = JSON.parse(out) as Row & { entries: Row[] };
    expect(row.entries.map((entry) => entry['level'])).toEqual(['PML4E', 'PDPTE', 'PDE']);
    expect(row['pageSize']).toBe(2 * 1024 * 1024);
    const offset = Number(/^task\.comm_offset = (\d+)$/m.exec(readFileSync(kconfFile, 'utf8'))?.[1]);
    const comm = `0x${(BigInt(initTask) + BigInt(offset)).toString(16)}`;
    const read = await run(['read', dumpFile, comm, '9', ...profile, '--json']);
    expect(JSON.parse(read.out)).toEqual({
      virtual: comm,
      bytes: Buffer.from('swapper/0').toString('hex'),
      holes: [],
    });
    expect((await run(['read', dumpFile, comm, '9', ...profile, '--raw'])).out).toBe('swapper/0');
  });

  it('answer an address that is not mapped with the fault', async () => {
    const { out, exitCode } = await run(['translate', dumpFile, '0xffffffffc0000fff', ...profile, '--json']);
    expect(JSON.parse(out)).toMatchObject({ virtual: '0xffffffffc0000fff', fault: expect.any(String) });
    expect(exitCode).toBe(JSON.parse(out).fault === 'table-missing' ? 1 : 0);
    const beyond = await run(['translate', dumpFile, '0x800000000000', ...profile, '--json']);
    expect(JSON.parse(beyond.out)).toMatchObject({ fault: 'non-canonical', level: null });
    expect(beyond.exitCode).toBe(0);
  });

  it('name what is missing of a read', async () => {
    const { out, err, exitCode } = await run(['read', dumpFile, '0x1000', '8', ...profile, '--json']);
    expect(JSON.parse(out)).toMatchObject({
      bytes: '0000000000000000',
      holes: [{ at: '0x1000', length: 8 }],
    });
    expect(err).toMatch(/8 bytes at 0x1000: page/);
    expect(exitCode).toBe(1);
  });

  it('look through the eyes of a process', async () => {
    const [spinner] = (await rowsOf('current', dumpFile, ...profile)).map(({ pid }) => String(pid));
    const kernel = JSON.parse((await run(['translate', dumpFile, initTask, ...profile, '--json'])).out);
    const { out } = await run([
      'translate',
      dumpFile,
      initTask,
      ...profile,
      '--pid',
      spinner ?? '',
      '--json',
    ]);
    expect(JSON.parse(out).physical).toBe(kernel.physical);
    const without = await run(['translate', dumpFile, initTask, ...profile, '--pid', '2']);
    expect(without.err).toContain('pid 2 (kthreadd) has no user memory');
  });
});

describe('identify', () => {
  it('tells what the dump is, and where each setting came from', async () => {
    const { out, exitCode } = await run(['identify', dumpFile, '--json'], {
      OSI_LINUX_KCONF_FILE: kconfFile,
    });
    const found = JSON.parse(out);
    expect(exitCode).toBe(0);
    expect(found).toMatchObject({
      format: 'elf',
      kernel: { banner: expect.stringMatching(/^Linux version 6\.1\./), machine: 'x86_64' },
      paging: '4-level',
      kaslrShift: expect.stringMatching(/^0x[0-9a-f]+00000$/),
      cpus: 2,
      profile: { from: 'section', group: 'debian-12-amd64' },
    });
    expect(found.memory.bytes).toBe(found.memory.pages * 4096);
    expect(found.findings).toContainEqual({
      what: 'kconf_file',
      value: kconfFile,
      evidence: 'OSI_LINUX_KCONF_FILE',
    });
  });

  it('tells what it can where no profile fits', async () => {
    const empty = write('empty.conf', '');
    const { out, err, exitCode } = await run(['identify', dumpFile, '--json', '--kconf-file', empty]);
    expect(JSON.parse(out)).toMatchObject({ format: 'elf', paging: '4-level', profile: null, cpus: 2 });
    expect(err).toContain('none of the 0 groups');
    expect(exitCode).toBe(1);
  });
});

describe('a key file that is not named', () => {
  const before = process.cwd();
  const empty = join(folder, 'empty');
  const config = join(folder, 'config');
  beforeEach(() => {
    mkdirSync(empty);
    process.chdir(empty);
  });
  afterEach(() => {
    process.chdir(before);
    for (const path of [empty, config]) rmSync(path, { recursive: true, force: true });
  });

  async function findingOf() {
    const { out } = await run(['identify', dumpFile, '--json']);
    const { findings } = JSON.parse(out) as { findings: { what: string; value: string; evidence: string }[] };
    return findings.find(({ what }) => what === 'kconf_file');
  }

  it('is looked for in the working directory, the configuration folder, and beside the program', async () => {
    const evidence = `default: the first that is there of kernelinfo.conf, ${config}/osi-linux/kernelinfo.conf, ${shippedKeyFile}`;
    expect(await findingOf()).toEqual({ what: 'kconf_file', value: shippedKeyFile, evidence });
    mkdirSync(join(config, 'osi-linux'), { recursive: true });
    copyFileSync(kconfFile, join(config, 'osi-linux', 'kernelinfo.conf'));
    expect((await findingOf())?.value).toBe(join(config, 'osi-linux', 'kernelinfo.conf'));
    copyFileSync(kconfFile, 'kernelinfo.conf');
    expect((await findingOf())?.value).toBe('kernelinfo.conf');
    expect((await run(['ps', dumpFile])).exitCode).toBe(0);
  });

  it('is named where its groups do not fit', async () => {
    writeFileSync('kernelinfo.conf', '[other]\nname = #1 SMP Debian 3.2.65-1 i686\n');
    const { err, exitCode } = await run(['ps', dumpFile]);
    expect(err).toContain('none of the 1 groups of kernelinfo.conf fits this dump:');
    expect(exitCode).toBe(1);
  });

  it('is not looked for where one is named', async () => {
    const { err, exitCode } = await run(['ps', dumpFile, '--kconf-file', 'absent.conf']);
    expect(err).toContain("the kernel's offsets are missing: there is no absent.conf\n");
    expect(exitCode).toBe(1);
  });
});

describe('settings', () => {
  it('come from the option, then the environment, then the settings file', async () => {
    const config = join(folder, 'with-settings');
    mkdirSync(join(config, 'osi-linux'), { recursive: true });
    writeFileSync(join(config, 'osi-linux', 'config.ini'), `kconf_file = ${kconfFile}\nformat = ndjson\n`);
    const environment = { XDG_CONFIG_HOME: config };
    const first = (text: string) => text.split('\n')[0] ?? '';
    expect(first((await run(['current', dumpFile], environment)).out)).toMatch(/^\{"cpu":0/);
    expect(
      first((await run(['current', dumpFile], { ...environment, OSI_LINUX_FORMAT: 'table' })).out),
    ).toMatch(/^CPU/);
    expect(first((await run(['current', dumpFile, '--json'], environment)).out)).toBe('[');
    const wrong = await run(['current', dumpFile], { ...environment, OSI_LINUX_FORMAT: 'xml' });
    expect(wrong.err).toContain('format is "xml" (from OSI_LINUX_FORMAT)');
    expect(wrong.exitCode).toBe(1);
  });
});

describe('bad input gets a clear error and no rows', () => {
  const conf = readFileSync(kconfFile, 'utf8');
  const slid = conf.replaceAll(
    /(_addr = )(\d{19,})/g,
    (_, key, value) => `${key}${BigInt(value) + 0x1000000n}`,
  );

  it.each([
    ['a missing dump', ['ps', join(folder, 'none.elf')], /none\.elf/],
    ['a file that is no dump', ['ps', write('text.elf', 'not a dump\n')], /not a dump|no dump|format/i],
    [
      'a missing key file',
      ['ps', dumpFile, '--kconf-file', join(folder, 'none.conf')],
      /the kernel's offsets are missing: there is no .*none\.conf/,
    ],
    [
      'an unknown group',
      ['ps', dumpFile, ...profile, '--kconf-group', 'debian-12'],
      /no group \[debian-12\][\s\S]*nearest name first: \[debian-12-amd64\]/,
    ],
    [
      'the addresses of another boot',
      ['ps', dumpFile, '--kconf-file', write('slid.conf', slid), '--kconf-group', 'debian-12-amd64'],
      /does not fit this dump[\s\S]*KASLR/,
    ],
    [
      'the profile of another kernel',
      [
        'ps',
        dumpFile,
        '--kconf-file',
        write('other.conf', conf.replace('#1 SMP', '#2 SMP')),
        '--kconf-group',
        'debian-12-amd64',
      ],
      /the profile is of "6\.1\S*\|#2 SMP/,
    ],
    [
      'a wrong offset',
      [
        'ps',
        dumpFile,
        '--kconf-file',
        write('offset.conf', conf.replace(/^task\.tasks_offset = .*/m, 'task.tasks_offset = 2200')),
      ],
      /none of the 1 groups/,
    ],
    ['a live guest that is not there', ['ps', 'qmp:/no/such/socket'], /cannot connect \(ENOENT\)/],
    ['a gdb stub without a port', ['ps', 'gdb:localhost'], /expected HOST:PORT/],
  ])('%s', async (_, args, expected) => {
    const { out, err, exitCode } = await run(args);
    expect(out).toBe('');
    expect(err).toMatch(expected);
    expect(err).toMatch(/hint: /);
    expect(exitCode).toBe(1);
  });

  it('a truncated dump gives the rows that are left, and names what is missing', async () => {
    const whole = await rowsOf('ps', dumpFile, ...profile);
    let answered = 0;
    for (const share of [0.95, 0.9, 0.8, 0.6, 0.4, 0.2]) {
      const cut = write('cut.elf', dump.subarray(0, Math.floor(dump.length * share)));
      const { out, err, exitCode } = await run(['ps', cut, ...profile, '--json']);
      expect(exitCode).toBe(1);
      expect(err).toMatch(/truncated/);
      if (out === '') continue;
      answered += 1;
      const rows = JSON.parse(out) as Row[];
      const known = new Set(whole.map(({ taskd }) => taskd));
      expect(rows.filter(({ taskd }) => !known.has(taskd))).toEqual([]);
    }
    expect(answered).toBeGreaterThan(0);
  });

  it.each([
    [['ps']],
    [['nonsense', dumpFile]],
    [['ps', dumpFile, '--pid', 'x']],
    [['read', dumpFile, 'here', '8']],
    [['read', dumpFile, '0', '999999999']],
    [['ps', dumpFile, '--\x1b[2J\u061c\u{e0041}']],
    [['\x1b[2J\u200b\x9b']],
  ])('wrong usage exits with 2: %j', async (args) => {
    const { out, err, exitCode } = await run(args);
    expect({ out, exitCode }).toEqual({ out: '', exitCode: 2 });
    expect(err).toMatch(/error: /);
    expect(err.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

describe('diff', () => {
  const kconf = ['--kconf-file', kconfFile];

  /** The dump after kthreadd was given another name. */
  function renamed(): string {
    const bytes = readFileSync(dumpFile);
    const old = Buffer.from('kthreadd\0\0\0\0\0\0\0\0');
    for (let at = bytes.indexOf(old); at >= 0; at = bytes.indexOf(old, at + 1)) bytes.write('another ', at);
    return write('renamed.elf', bytes);
  }

  it('tells nothing of a dump and itself', async () => {
    expect(await rowsOf('diff', dumpFile, dumpFile, ...kconf, '--kind', 'process', 'module')).toEqual([]);
  });

  it('tells the row that changed, and what it was', async () => {
    const rows = await rowsOf('diff', dumpFile, renamed(), ...kconf, '--pid', '2', '--kind', 'process');
    expect(rows).toMatchObject([
      { change: 'changed', kind: 'process', pid: 2, name: 'another ', before: { name: 'kthreadd' } },
    ]);
    const { out } = await run(['diff', dumpFile, renamed(), ...kconf, '--kind', 'process']);
    expect(out).toMatch(
      /^CHANGE +KIND +PID +WHAT +CHANGED\n+changed +process +2 +another +name: kthreadd -> another/,
    );
  });

  it('names what could not be read, and exits with 1', async () => {
    const { exitCode, err } = await run(['diff', dumpFile, dumpFile, '--kconf-group', 'no-such-group']);
    expect({ exitCode, err }).toMatchObject({ exitCode: 1, err: expect.stringContaining('no-such-group') });
  });

  it.each([
    [['diff', dumpFile]],
    [['diff', dumpFile, dumpFile, '--kind', 'window']],
    [['diff', dumpFile, dumpFile, '--wait', 'x']],
  ])('exits with 2: %j', async (args) => {
    expect(await run(args)).toMatchObject({ out: '', exitCode: 2 });
  });
});
