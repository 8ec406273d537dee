import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../cli/src/kconf-import/run';
import { createProgram } from '../../cli/src/osi-linux/program';
import { ExitCode } from '../../cli/src/terminal/exit-code';
import type { Io } from '../../cli/src/terminal/io';
import { firstCells, readmeSection } from './readme';
import { repository } from './workspace';

const readme = readFileSync(join(repository, 'tools', 'cli', 'README.md'), 'utf8');
const recorded = join(repository, 'test-fixtures', 'recorded', 'debian-12-amd64');
const [dumpFile, kconfFile] = [join(recorded, 'guest.elf'), join(recorded, 'kernelinfo.conf')];

/** The standard output of a command. */
async function printed(start: (io: Io) => Promise<unknown>): Promise<string> {
  let out = '';
  const io: Io = {
    out: (data) => {
      out += String(data);
    },
    err: () => undefined,
    columns: undefined,
    colour: false,
    environment: { XDG_CONFIG_HOME: recorded },
    exitCode: ExitCode.Complete,
  };
  await start(io);
  return out;
}

const program = createProgram({} as Io);
const terminal = {
  isTerminal: true,
  chunks: async function* () {
    yield new Uint8Array();
  },
};

/** The fields of what `osi-linux` answers: those of the first row of an array. */
async function fieldsOf(...args: string[]): Promise<string[]> {
  const words = ['node', 'osi-linux', ...args, '--json', '--kconf-file', kconfFile];
  const text = await printed((io) => createProgram(io).parseAsync(words));
  const answer = JSON.parse(text) as object | readonly object[];
  return Object.keys(Array.isArray(answer) ? (answer[0] as object) : answer);
}

describe('the README of the commands', () => {
  it('names every command of osi-linux, and no other', () => {
    const named = [...readme.matchAll(/^### osi-linux ([a-z]+)$/gm)].map(([, name]) => name);
    expect(named.sort()).toEqual(program.commands.map((command) => command.name()).sort());
  });

  it('names the options of osi-linux, and no others', () => {
    const commands = program.commands.flatMap((command) => [command, ...command.commands]);
    const own = commands.flatMap((command) => command.options.map((option) => option.long ?? ''));
    const section = readmeSection(readme, 'osi-linux') ?? '';
    expect(optionsIn(section)).toEqual([...new Set([...own, '--help', '--version'])].sort());
  });

  it('names the options of kconf-import, and no others', async () => {
    const help = await printed((io) => run(['--help'], io, terminal));
    const own = [...help.matchAll(/^ +(?:-\w, )?(--[a-z-]+)/gm)].map(([, option = '']) => option);
    expect(own.length).toBeGreaterThan(5);
    expect(optionsIn(readmeSection(readme, 'kconf-import') ?? '')).toEqual([...new Set(own)].sort());
  });

  function optionsIn(section: string): string[] {
    return [
      ...new Set([...section.matchAll(/`(?:-\w`, `)?(--[a-z\d-]+)/g)].map(([, option = '']) => option)),
    ].sort();
  }

  it.each([
    ['identify', []],
    ['ps', []],
    ['threads', []],
    ['current', []],
    ['read', ['0xffffffff81000000', '1']],
  ])('names the fields of %s', async (name, args) => {
    const section = readmeSection(readme, `osi-linux ${name}`) ?? '';
    expect(firstCells(section)).toEqual(await fieldsOf(name, dumpFile, ...args));
  });

  it('names the fields of translate, of an address that is mapped and of one that is not', async () => {
    const init = /^task\.init_addr = (\d+)$/m.exec(readFileSync(kconfFile, 'utf8'))?.[1] ?? '';
    const mapped = await fieldsOf('translate', dumpFile, init);
    const fault = await fieldsOf('translate', dumpFile, '0x10');
    expect(mapped).toContain('physical');
    expect(fault).toContain('fault');
    const section = readmeSection(readme, 'osi-linux translate') ?? '';
    expect(firstCells(section).sort()).toEqual([...new Set([...mapped, ...fault])].sort());
  });

  it('names the fields of kconf-import --json', async () => {
    const args = [join(recorded, 'dmesg.log'), '--group', 'x', '--output', '-', '--json'];
    const answer = JSON.parse(await printed((io) => run(args, io, terminal))) as object;
    expect(firstCells(readmeSection(readme, 'JSON of kconf-import') ?? '')).toEqual(Object.keys(answer));
  });
});
