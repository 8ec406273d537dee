import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KERNELINFO_SOURCES } from './guest-kit';
import { chooseGuests } from './guest-table';
import { kernelImage } from './kernel-image';
import { type BuiltModule, buildModuleIn, type ModuleBuildOptions } from './module-build';
import { type Toolchain, toolchain } from './packages/toolchain';

/**
 * The differences between the two kernels; everything else, the flags of the compiler among it, is the same.
 */
const OPTION = 'CONFIG_MEMORY_FAILURE';
const OTHER = 'of-another-kernel';

/** Kernels before v6.13 are built in their own folder, and name their headers relative to it. */
const [spec] = chooseGuests('debian-12-amd64');
if (spec === undefined) throw new Error('no such guest');

describe(`kernelinfo-module, built in one folder without make clean, ${spec.name}`, () => {
  let scratch: string;
  let folder: string;
  let release: string;
  let tools: Toolchain;
  let headers: string;

  beforeAll(async () => {
    ({ release } = await kernelImage(spec));
    tools = await toolchain(spec.suite, spec.arch, release);
    scratch = mkdtempSync(join(tmpdir(), 'osi-linux-rebuild-'));
    headers = copyHeaders(join(tools.root, 'usr/src', `linux-headers-${release}`), join(scratch, 'headers'));
    folder = copySources('sources');
  });

  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it('is not compiled again for the same kernel', async () => {
    expect(stepsOf(await build(folder, release))).toContain('ROWS kernelinfo-present.h');
    expect(stepsOf(await build(folder, release))).toEqual([]);
  });

  it('is for another kernel what it is when built for it alone', async () => {
    const first = await build(folder, release);
    const other = await build(folder, OTHER);
    const alone = copySources('alone');
    expect(Buffer.compare(other.bytes, (await build(alone, OTHER)).bytes)).toBe(0);
    expect(presentRows(folder)).toBe(presentRows(alone));
    expect([versionOf(first), versionOf(other)]).toEqual([release, OTHER]);
  });

  it('loses the row of what another kernel lacks, and has it again for the first one', async () => {
    const row = rowOf('swap.SWP_HWPOISON');
    expect(presentRows(folder)).toContain(`${row} 0\n`);
    await build(folder, release);
    expect(presentRows(folder)).toContain(`${row} 1\n`);
  });

  it('is compiled again with another flag', async () => {
    const steps = stepsOf(await build(folder, release, { settings: ['KCFLAGS=-DANOTHER_FLAG'] }));
    expect(steps).toEqual(
      expect.arrayContaining(['CPP row-trial.i', 'ROWS kernelinfo-present.h', 'CC main.o']),
    );
  });

  it.each([
    ['did the commands not name the tree', /^ccflags-y \+= -DKERNELINFO_TREE=.*$/m, ''],
    ['did Kbuild keep the version of the first tree', /rm -f \S+ \S+; \\\n\t\t/, ''],
  ])('would be for the first kernel still, %s', async (_, line, instead) => {
    const planted = copySources('planted');
    edit(join(planted, 'Kbuild'), (text) => {
      expect(text).toMatch(line);
      return text.replace(line, instead);
    });
    expect(versionOf(await build(planted, release))).toBe(release);
    expect(versionOf(await build(planted, OTHER))).toBe(release);
    rmSync(planted, { recursive: true });
  });

  // The last one, for it changes the other kernel.
  it('links no symbol that another kernel does not export', async () => {
    edit(join(headers, 'Module.symvers'), (text) => text.replace(/^.*\tphys_base\t.*\n/m, ''));
    const target = copySources('unexported');
    await build(target, OTHER);
    expect(presentRows(target)).toContain(`${rowOf('kernel.phys_base')} 2\n`);
    expect(presentRows(target)).toMatch(/^#define ROW_SYMBOL_\d+ "phys_base"$/m);
    await build(target, release);
    expect(presentRows(target)).toContain(`${rowOf('kernel.phys_base')} 1\n`);
  });

  function copySources(name: string): string {
    const target = join(scratch, name);
    cpSync(KERNELINFO_SOURCES, target, { recursive: true });
    return target;
  }

  function build(target: string, kernel: string, options: ModuleBuildOptions = {}): Promise<BuiltModule> {
    const binds = { [`/usr/src/linux-headers-${OTHER}`]: headers };
    return buildModuleIn(target, basename(KERNELINFO_SOURCES), tools, kernel, 'kernelinfo', {
      binds,
      ...options,
    });
  }

  /** The headers of a kernel that lacks an option, and no file of them younger than before. */
  function copyHeaders(source: string, target: string): string {
    execFileSync('cp', ['-a', source, target]);
    edit(join(target, 'Makefile'), (text) =>
      text.replaceAll(`linux-headers-${release}`, `linux-headers-${OTHER}`),
    );
    edit(join(target, 'include/generated/autoconf.h'), (text) => text.replace(`#define ${OPTION} 1\n`, ''));
    edit(join(target, 'include/generated/utsrelease.h'), (text) => text.replace(release, OTHER));
    return target;
  }
});

function edit(file: string, change: (text: string) => string): void {
  const { atime, mtime } = statSync(file);
  writeFileSync(file, change(readFileSync(file, 'utf8')));
  utimesSync(file, atime, mtime);
}

/** The steps that kbuild prints, such as `CC main.o`. */
function stepsOf({ output }: BuiltModule): string[] {
  return [...output.matchAll(/^ {2}(\w+) (?:\[M\])? *(?:\S*\/)?(\S+)$/gm)].map(
    ([, step, file]) => `${step} ${file}`,
  );
}

function presentRows(folder: string): string {
  return readFileSync(join(folder, 'kernelinfo-present.h'), 'utf8');
}

/** The release that the kernel compares with its own before it loads the module. */
function versionOf({ bytes }: BuiltModule): string | undefined {
  return /vermagic=(\S+) /.exec(Buffer.from(bytes).toString('latin1'))?.[1];
}

function rowOf(key: string): string {
  const lines = readFileSync(join(KERNELINFO_SOURCES, 'kernelinfo-rows.h'), 'utf8').split('\n');
  return `ROW_PRESENT_${lines.findIndex((line) => line.includes(`("${key}"`)) + 1}`;
}
