import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KERNELINFO_SOURCES } from './guest-kit';
import { chooseGuests } from './guest-table';
import { kernelImage } from './kernel-image';
import { buildModuleIn } from './module-build';
import { type Toolchain, toolchain } from './packages/toolchain';

/** The oldest kernel here, of a suite that has gcc 9 still. */
const [spec] = chooseGuests('debian-11-amd64');
if (spec === undefined) throw new Error('no such guest');

const SOURCES = '/build/kernelinfo-module';
/** A compiler as gcc was before version 5; the kernel's own headers do without the test as well. */
const NO_HAS_INCLUDE = {
  'old-gcc': `#!/bin/sh\nexec gcc-10 -include ${SOURCES}/old-gcc.h "$@"\n`,
  'old-gcc.h': '#pragma GCC system_header\n#undef __has_include\n',
};
/** The language of gcc 4 with the features that the kernel's own sources were not allowed then. */
const OLD_LANGUAGE = 'KCFLAGS=-std=gnu89 -Wdeclaration-after-statement -Werror';

/** A warning about the module's own sources; clang has some about the kernel's. */
const OWN_WARNING = /^\S*kernelinfo-module\/[\w-]+\.[ch]:.*warning:.*$/m;

const VARIANTS = {
  'gcc 9': ['CC=gcc-9'],
  'gcc 10 with the language of gcc 4': ['CC=gcc-10', OLD_LANGUAGE],
  // It has no -mfunction-return yet, which 5.10 takes every compiler to have.
  clang: ['CC=clang', 'RETHUNK_CFLAGS='],
  'gcc without __has_include': [`CC=${SOURCES}/old-gcc`],
} as const;

describe('kernelinfo-module, by each compiler against the headers of 5.10', () => {
  let scratch: string;
  let release: string;
  let tools: Toolchain;

  beforeAll(async () => {
    ({ release } = await kernelImage(spec));
    tools = await toolchain(spec.suite, spec.arch, release, ['gcc-9', 'gcc-10', 'clang']);
    scratch = mkdtempSync(join(tmpdir(), 'osi-linux-compilers-'));
  });

  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it('is built by all of them without a warning, with the same rows', async () => {
    const present = new Set<string>();
    for (const [name, settings] of Object.entries(VARIANTS)) {
      const { output, rows } = await build(settings);
      expect(output.match(OWN_WARNING), name).toBeNull();
      present.add(rows);
    }
    expect(present.size).toBe(1);
    expect([...present][0]).toMatch(/^#define ROW_PRESENT_\d+ 1$/m);
  });

  it.each([
    [
      'gcc 10 with the language of gcc 4',
      'a declaration behind a statement',
      '\t(void)key;\n\tint late = 0;',
    ],
    ['gcc without __has_include', 'a question for a header', '#if __has_include(<linux/fs.h>)\n#endif'],
    [
      'gcc 9',
      'a header that gcc 9 looks for by another name',
      '#if !__has_include(<linux/fs.h>)\n#error\n#endif',
    ],
  ] as const)('would not be built by %s with %s', async (name, _, planted) => {
    const plant = (text: string) =>
      text.replace('print_missing(const char *key, const char *failure)\n{\n', `$&${planted}\n`);
    await expect(build(VARIANTS[name], plant)).rejects.toThrow(/main\.c/);
  });

  async function build(
    settings: readonly string[],
    edit?: (main: string) => string,
  ): Promise<{ output: string; rows: string }> {
    const folder = mkdtempSync(join(scratch, 'sources-'));
    cpSync(KERNELINFO_SOURCES, folder, { recursive: true });
    for (const [name, text] of Object.entries(NO_HAS_INCLUDE)) {
      writeFileSync(join(folder, name), text, { mode: 0o755 });
    }
    if (edit !== undefined) {
      const main = readFileSync(join(folder, 'main.c'), 'utf8');
      expect(edit(main)).not.toBe(main);
      writeFileSync(join(folder, 'main.c'), edit(main));
    }
    const options = { settings: ['-j2', ...settings] };
    const { output } = await buildModuleIn(
      folder,
      'kernelinfo-module',
      tools,
      release,
      'kernelinfo',
      options,
    );
    return { output, rows: readFileSync(join(folder, 'kernelinfo-present.h'), 'utf8') };
  }
});
