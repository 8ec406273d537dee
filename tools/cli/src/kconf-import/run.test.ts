import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Io } from '../terminal/io';
import type { Input } from './input';
import { run } from './run';

const LOGS = new URL('../../../../test-fixtures/logs/', import.meta.url).pathname;
const REAL = join(LOGS, 'debian-6.1-amd64.log');
const SEED = join(LOGS, 'seed-excerpt.log');
const SEED_SECTION = `[my_kernel_info]
name = #1 SMP Debian 3.2.51-1 i686
task.size = 1060
#task.init_addr = 0xC13E0FE0
task.init_addr = 3242069984
task.task_offset = 0
task.tasks_offset = 212
task.pid_offset = 292
task.tgid_offset = 296
task.group_leader_offset = 328
task.thread_group_offset = 384
task.real_parent_offset = 304
task.parent_offset = 308
task.mm_offset = 240
task.stack_offset = 4
task.real_cred_offset = 504
task.cred_offset = 508
task.comm_offset = 516
fs.d_iname_offset = 36
fs.d_parent_offset = 16
`;

let folder = '';
let conf = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kconf-import-'));
  conf = join(folder, 'kernelinfo.conf');
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function call(
  args: readonly string[],
  options: { stdin?: string; terminal?: boolean; colour?: boolean } = {},
): Promise<Answer> {
  let out = '';
  let err = '';
  const io: Io = {
    out: (data) => {
      out += typeof data === 'string' ? data : Buffer.from(data).toString();
    },
    err: (text) => {
      err += text;
    },
    columns: undefined,
    colour: options.colour ?? false,
    environment: {},
    exitCode: 0,
  };
  const input: Input = {
    isTerminal: options.terminal ?? false,
    async *chunks() {
      yield Buffer.from(options.stdin ?? '');
    },
  };
  await run(args, io, input);
  return { code: io.exitCode, out, err };
}

const importReal = (...more: string[]): Promise<Answer> =>
  call([REAL, '--group', 'g', '--output', conf, ...more]);

describe('kconf-import', () => {
  it('makes the file, adds to it, and replaces on demand', async () => {
    expect(await importReal()).toEqual({ code: 0, out: `added [g] to ${conf}: 73 keys\n`, err: '' });
    const first = readFileSync(conf, 'utf8');
    expect(first.split('\n').slice(0, 2)).toEqual(['[g]', expect.stringMatching(/^name = 6\.1\.0-56-amd64/)]);
    await call([REAL, '--group', 'h', '--output', conf]);
    const both = readFileSync(conf, 'utf8');
    expect(both).toBe(`${first}\n${first.replace('[g]', '[h]')}`);

    const again = await importReal();
    expect(again.code).toBe(1);
    expect(again.err).toMatch(
      /already has a group \[g\], in line 1: it is the same as in the log\n {2}hint: /,
    );
    expect(readFileSync(conf, 'utf8')).toBe(both);

    const other = both
      .replace('task.size = 9792', 'task.size = 1')
      .replace('task.tgid_offset = 2420\n', '')
      .replace('task.mm_offset = 2272', 'task.mm_offset = 2')
      .replace('task.comm_size = 16', 'task.comm_size = 17');
    writeFileSync(conf, `# head\n${other}`);
    expect((await importReal()).err).toContain(
      'in line 2: it differs in task.size (1 in the file, 9792 in the log), task.tgid_offset (absent in the file, 2420 in the log), task.mm_offset (2 in the file, 2272 in the log) and in 1 more keys\n',
    );
    writeFileSync(conf, other);
    expect((await importReal('--replace')).out).toBe(`replaced [g] in ${conf}: 73 keys\n`);
    expect(readFileSync(conf, 'utf8')).toBe(both);
  });

  it('keeps every other byte', async () => {
    const odd = Buffer.from('# head\r\n\r\n[z]\r\nb = \xff\r\n\r\n# of y\r\n[y]\r\nname = #1', 'latin1');
    writeFileSync(conf, odd);
    expect((await importReal()).code).toBe(0);
    const after = readFileSync(conf);
    expect(after.subarray(0, odd.length).equals(odd)).toBe(true);
    expect(after.subarray(odd.length).toString().startsWith('\r\n\r\n[g]\r\nname = ')).toBe(true);
  });

  it('refuses the excerpt of the founding document, naming what it lacks', async () => {
    const { code, out, err } = await call([SEED, '--group', 'my_kernel_info', '--output', conf]);
    expect([code, out, existsSync(conf)]).toEqual([1, '', false]);
    expect(err).toContain(`${SEED}:19: incomplete: lines of the block were cut out here: [...]\n`);
    expect(err).toContain(`${SEED}:1: incomplete: required key task.comm_size is missing\n`);
    expect(err).toContain('required key path.d_name_offset (PANDA 1: fs.d_name_offset) is missing\n');
    expect(err).toMatch(
      /refused: 21 missing items in the section \[my_kernel_info\]; use --allow-incomplete/,
    );
  });

  it('takes the excerpt with --allow-incomplete, as the document shows it', async () => {
    const { code, err } = await call([
      SEED,
      '--group',
      'my_kernel_info',
      '--output',
      conf,
      '--allow-incomplete',
    ]);
    expect(code).toBe(0);
    expect(err).toContain('warning: importing the section with 21 missing items\n');
    expect(readFileSync(conf, 'utf8')).toBe(SEED_SECTION);
    const printed = await call([SEED, '--group', 'my_kernel_info', '--output', '-', '--allow-incomplete']);
    expect(printed.out).toBe(SEED_SECTION);
  });

  it.each([
    [
      'a damaged twin',
      '#task.init_addr = 0xFFFFFFFF8F81AA40',
      '#task.init_addr = 0xFFFFFFFF8F81AA41',
      /:18: error: the comment gives/,
    ],
    [
      'two values for one key',
      'task.tgid_offset',
      'task.pid_offset',
      /:22: error: line 21 already has the key task\.pid_offset/,
    ],
    [
      'a value that is cut',
      'task.comm_offset = 2976',
      'task.comm_offset = ',
      /:31: warning: task.comm_offset is empty/,
    ],
  ])('never takes %s', async (_what, from, to, message) => {
    const log = readFileSync(REAL, 'utf8').replace(from, to);
    writeFileSync(join(folder, 'log'), log);
    const { code, err } = await call([join(folder, 'log'), '--group', 'g', '--output', conf]);
    expect(err).toMatch(message);
    expect([code, existsSync(conf)]).toEqual([1, false]);
  });

  it('does not let --allow-incomplete pass what is wrong', async () => {
    const log = readFileSync(SEED, 'utf8').replace('task.pid_offset = 292', 'task.pid_offset = 29x');
    const { code, err } = await call(['-', '--group', 'g', '--output', '-', '--allow-incomplete'], {
      stdin: log,
    });
    expect(code).toBe(1);
    expect(err).toContain(
      'standard input:8: error: task.pid_offset is "29x", expected a number with nothing after it\n',
    );
  });

  it('reads /dev/stdin as standard input, and refuses endless input', async () => {
    const stdin = readFileSync(REAL, 'utf8');
    expect(await call(['/dev/stdin', '--group', 'g', '--output', conf], { stdin })).toMatchObject({
      code: 0,
    });
    const endless = await call(['--group', 'h', '--output', conf], {
      stdin: '\0'.repeat(64 * 1024 * 1024 + 1),
    });
    expect(endless.code).toBe(1);
    expect(endless.err).toContain('standard input has more than 64 MiB\n');
  });

  it('says what to do about a log without a whole block', async () => {
    const none = await call(['--group', 'g', '--output', conf], { stdin: '[1.0] Linux version 6.1\n' });
    expect(none).toMatchObject({
      code: 1,
      err: expect.stringContaining('hint: run in the guest: insmod kernelinfo.ko'),
    });
    const stdin = readFileSync(REAL, 'utf8').split('\n').slice(10).join('\n');
    const cut = await call(['--group', 'g', '--output', conf], { stdin });
    expect(cut).toMatchObject({
      code: 1,
      err: expect.stringContaining('standard input:74: error: the KERNELINFO block is cut off'),
    });
    expect(cut.err).toContain('log_buf_len=1M');
  });

  it('shows with --dry-run what it would add, and writes nothing', async () => {
    const { code, out, err } = await importReal('--dry-run');
    expect([code, readdirSync(folder)]).toEqual([0, []]);
    expect(out).toMatch(/^--- \/dev\/null\n\+\+\+ .*\n@@ -0,0 \+1,78 @@\n\+\[g\]\n\+name = /);
    expect(err).toBe(`would add [g] to ${conf}: 73 keys\n`);
  });

  it('shows with --dry-run what it would replace, and writes nothing', async () => {
    await importReal();
    const changed = readFileSync(conf, 'utf8').replace('task.size = 9792', 'task.size = 1');
    writeFileSync(conf, changed);
    const { out, err } = await importReal('--dry-run', '--replace');
    expect(out.split('\n').filter((line) => /^[-+][^-+]/.test(line))).toEqual([
      '-task.size = 1',
      '+task.size = 9792',
    ]);
    expect(err).toBe(`would replace [g] in ${conf}: 73 keys\n`);
    expect(readFileSync(conf, 'utf8')).toBe(changed);
  });

  it('prints one JSON object, always with every field', async () => {
    const fields = ['group', 'log', 'output', 'action', 'keys', 'block', 'findings', 'section', 'diff'];
    const json = async (answer: Promise<Answer>): Promise<Record<string, unknown>> => {
      const object = JSON.parse((await answer).out) as Record<string, unknown>;
      expect(Object.keys(object)).toEqual(fields);
      return object;
    };
    const added = await importReal('--json');
    expect(added.err).toBe(`added [g] to ${conf}: 73 keys\n`);
    expect(await json(Promise.resolve(added))).toEqual({
      group: 'g',
      log: REAL,
      output: conf,
      action: 'added',
      keys: 73,
      block: { beginLine: 6, endLine: 84, blocks: 1 },
      findings: [],
      section: readFileSync(conf, 'utf8'),
      diff: null,
    });
    expect((await json(importReal('--json'))).findings).toEqual([
      {
        severity: 'error',
        file: 'output',
        line: 1,
        key: null,
        code: 'KEY_FILE_GROUP_EXISTS',
        message: expect.stringContaining('it is the same as in the log'),
        hint: expect.any(String),
      },
    ]);
    expect((await json(importReal('--json', '--replace'))).action).toBe('replaced');
    expect(await json(importReal('--json', '--replace', '--dry-run'))).toMatchObject({
      action: 'dry-run',
      diff: '',
    });
    const seed = await json(call([SEED, '--group', 'g', '--output', conf, '--json']));
    expect(seed).toMatchObject({ action: 'refused', keys: 18 });
    expect(seed.findings).toContainEqual({
      severity: 'incomplete',
      file: 'log',
      line: 19,
      key: null,
      code: null,
      message: expect.stringContaining('[...]'),
      hint: expect.any(String),
    });
    const nothing = await json(call(['--group', 'g', '--json'], { stdin: '' }));
    expect(nothing).toMatchObject({ action: 'refused', keys: 0, block: null, section: null });
    const none = await json(call([join(folder, 'none'), '--group', 'g', '--json']));
    expect(none.findings).toMatchObject([
      { code: 'FILE_UNREADABLE', message: expect.stringContaining('ENOENT') },
    ]);
  });

  it('warns of lines for which GLib rejects the file, and adds all the same', async () => {
    writeFileSync(conf, '[a]\nstray\n');
    const { code, err } = await importReal();
    expect(code).toBe(0);
    expect(err).toContain(
      `${conf}:2: warning: GLib rejects the file because of this line: not a key, a group or a comment\n`,
    );
    expect(readFileSync(conf, 'utf8')).toMatch(/^\[a\]\nstray\n\n\[g\]\n/);
  });

  it('escapes what a log could do to a terminal, and colours only there', async () => {
    const log = '--KERNELINFO-BEGIN--\nevil \x1b]0;title\x07\n--KERNELINFO-END--\n';
    const { err } = await call(['--group', 'g', '--output', conf], { stdin: log });
    expect(err).toContain('\\x1b]0;title\\x07');
    expect(err).not.toContain('\x1b');
    const coloured = await call(['--group', 'g', '--output', conf], { stdin: log, colour: true });
    expect(coloured.err).toContain('\x1b[36mwarning\x1b[39m');
  });
});

describe('the file that is written', () => {
  it('keeps its mode, and the link that leads to it', async () => {
    mkdirSync(join(folder, 'real'));
    const target = join(folder, 'real', 'k.conf');
    writeFileSync(target, '[a]\n');
    chmodSync(target, 0o640);
    symlinkSync('real/k.conf', conf);
    expect((await importReal()).code).toBe(0);
    expect(lstatSync(conf).isSymbolicLink()).toBe(true);
    expect(statSync(target).mode & 0o777).toBe(0o640);
    expect(readFileSync(target, 'utf8')).toMatch(/^\[a\]\n\n\[g\]\n/);
    expect(readdirSync(join(folder, 'real'))).toEqual(['k.conf']);
  });

  it('is not made where a dangling link points', async () => {
    symlinkSync('later.conf', conf);
    expect(await importReal()).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /is a link to .*later\.conf, which does not exist\n {2}hint: create that file/,
      ),
    });
    expect(readdirSync(folder)).toEqual(['kernelinfo.conf']);
  });

  it('is not written over a folder, a loop of links or a missing folder', async () => {
    mkdirSync(join(folder, 'dir'));
    symlinkSync('loop', join(folder, 'loop'));
    for (const output of ['dir', 'loop', 'none/k.conf']) {
      const { code, err } = await call([REAL, '--group', 'g', '--output', join(folder, output)]);
      expect([code, output, err]).toEqual([1, output, expect.stringMatching(/^error: /)]);
    }
    expect(readdirSync(folder).sort()).toEqual(['dir', 'loop']);
  });
});

describe('wrong usage', () => {
  it.each([
    ['no group', [REAL]],
    ['an unknown option', [REAL, '--group', 'g', '--no-such-option']],
    ['an unknown option that steers a terminal', [REAL, '--group', 'g', '--\x1b[2J\u202e']],
    ['two logs', [REAL, REAL, '--group', 'g']],
    ['a group that GLib cannot hold', [REAL, '--group', 'a]b']],
    ['an empty group', [REAL, '--group', '']],
    ['a group with a control character', [REAL, '--group', 'a\x1b']],
  ])('exits with 2: %s', async (_what, args) => {
    const { code, out, err } = await call([...args, '--output', conf]);
    expect([code, out, existsSync(conf)]).toEqual([2, '', false]);
    expect(err).toMatch(/^error: /);
    expect(err).not.toMatch(/[\x1b\u202e]/);
  });

  it('is to give no log where a person is at the terminal', async () => {
    const { code, err } = await call(['--group', 'g'], { terminal: true });
    expect(code).toBe(2);
    expect(err).toMatch(/^Usage: kconf-import/);
  });

  it('a log that is not there is bad data, not wrong usage', async () => {
    const { code, err } = await call([join(folder, 'none'), '--group', 'g']);
    expect([code, err]).toEqual([1, expect.stringContaining('because: ENOENT')]);
  });

  it('is not what asks for help or the version', async () => {
    expect(await call(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('Examples:') });
    expect(await call(['--version'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});
