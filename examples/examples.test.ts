import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import type { ExampleFiles } from './example-files';

const folder = fileURLToPath(new URL('.', import.meta.url));
const recorded = `${folder}../test-fixtures/recorded/debian-12-amd64/`;

const examples = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
  .map(({ name }) => name);

/** Those that show a question of a user's; each needs the guest alone. */
const questions = ['cr3-owner', 'current-file', 'libraries', 'osi-test'];

/** Those that open files themselves, and so run in Node alone. */
const inNodeAlone = ['osi-test'];

const expected: Record<string, readonly RegExp[]> = {
  core: [/^0xffffffff8328b780$/, /^a name\\x1b\[31m$/, /^ADDRESS_MALFORMED$/, /hint: /],
  'cr3-owner': [/^cpu 0: \d+ spin /, /^cpu 1: \d+ spin/, /^traced: 1 init$/],
  'current-file': [/^cpu 0, \d+ spin .*, fd 0: \/\S+ at 0$/, /^cpu 1, \d+ spin.*, fd 3: /],
  guest: [/^\d+ processes, 0 skipped$/, /^0 swapper\/0$/, /^1 /, /^2 kthreadd$/, /^cpu 0 runs \d+ /],
  kconf: [
    /^6\.1\.\S+\|#1 SMP .*\|x86_64$/,
    /^task\.tasks_offset = \d+$/,
    /^task\.init_addr = 0xffffffff/,
    /^0 issues$/,
  ],
  kstruct: [/^pid 0 is swapper\/0$/],
  libraries: [/^1 0x[0-9a-f]+ \/bin\/busybox$/],
  memory: [
    /^elf, x86_64, \d+ ranges$/,
    /^cpu 0: cr3 0x/,
    /^cpu 1: cr3 0x/,
    /has 4096 bytes$/,
    /^PHYSICAL_HOLE$/,
  ],
  osi: [/^cpu 3 runs thread 4 of process 1$/],
  'osi-test': [
    /^Current process: spin .* PID:\d+ PPID:\d+$/,
    /^Process list \(\d+ procs\):$/,
    /^ {2}init {12}\t1\t0$/,
  ],
  'osi-linux': [/^0 swapper\/0$/, /^0 skipped$/],
  qemu: [/^\$m1000,4#8e$/, /^\{"kind":"ack"\}$/, /^\{"kind":"packet","text":"0000"\}$/],
  symbols: [
    /^task\.init_addr = 18446744071635548032$/,
    /^task\.pid_offset = 1488$/,
    /^task\.comm_size = 16$/,
    /^this kernel has no structure mm_struct$/,
  ],
  v86: [/^v86, i386, 2 ranges$/, /^Linux version$/, /^cr3 0x13e1000, rip 0xc8816106$/, /^PHYSICAL_HOLE$/],
  'x86-mmu': [/^0x612345$/, /^PML4E 0x2003$/, /^PDPTE 0x3003$/, /^PDE 0x600083$/, /^not-present$/],
};

/** Bundled from what is published, as a user's bundler does. */
async function bundle(name: string, platform: 'browser' | 'node'): Promise<string> {
  const format = platform === 'browser' ? 'iife' : 'esm';
  const { outputFiles } = await build({
    entryPoints: [`${folder}${name}/example.ts`],
    bundle: true,
    platform,
    format,
    globalName: 'example',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

/** A realm with what every browser has of it, and nothing of Node. */
function runAsBrowser(code: string): string[] {
  const context = createContext({ TextDecoder, TextEncoder, files: readExampleFiles() });
  runInContext(code, context);
  return [...(runInContext('example.run(files)', context) as string[])];
}

async function runInNode(name: string, code: string, files = readExampleFiles()): Promise<string[]> {
  const url = `data:text/javascript;name=${encodeURIComponent(pathToFileURL(name).href)},${encodeURIComponent(code)}`;
  const { run } = (await import(/* @vite-ignore */ url)) as { run: (files: ExampleFiles) => string[] };
  return run(files);
}

function readExampleFiles(folder = recorded): ExampleFiles {
  return {
    dump: new Uint8Array(readFileSync(`${folder}guest.elf`)),
    kconf: new Uint8Array(readFileSync(`${folder}kernelinfo.conf`)),
    log: readFileSync(`${folder}dmesg.log`, 'utf8'),
    folder,
  };
}

const packageOf = (name: string) => `@osi-linux/${questions.includes(name) ? 'guest' : name}`;

describe('the examples', () => {
  it('are one for each package, and the questions', () => {
    expect([...examples].sort()).toEqual([...readdirSync(`${folder}../packages`), ...questions].sort());
  });

  describe.each(examples)('%s', (name) => {
    it('imports its package alone', () => {
      const text = readFileSync(`${folder}${name}/example.ts`, 'utf8');
      const imports = [...text.matchAll(/from '([^']+)'/g)].map(([, from]) => from);
      expect(new Set(imports.filter((from) => !from?.startsWith('.')))).toEqual(
        new Set([inNodeAlone.includes(name) ? '@osi-linux/guest/node' : packageOf(name)]),
      );
    });

    it('runs in Node and, bundled, in a browser, with the same result', async () => {
      const inNode = await runInNode(name, await bundle(name, 'node'));
      if (!inNodeAlone.includes(name)) expect(runAsBrowser(await bundle(name, 'browser'))).toEqual(inNode);
      for (const form of expected[name] ?? [/^$/])
        expect(inNode.join('\n')).toMatch(new RegExp(form.source, 'm'));
    });
  });

  it('tell a kernel thread that runs on borrowed page tables', async () => {
    const idle = fileURLToPath(new URL('../test-fixtures/recorded/debian-12-686/', import.meta.url));
    const lines = await runInNode('cr3-owner', await bundle('cr3-owner', 'node'), readExampleFiles(idle));
    expect(lines.join('\n')).toMatch(/^cpu \d: kernel thread swapper\/\d, borrowed from \d+ /m);
  });

  it('tell a table of user mode, with page-table isolation, as a processor has it', async () => {
    const pti = fileURLToPath(new URL('../test-fixtures/recorded/debian-12-amd64-pti/', import.meta.url));
    const lines = await runInNode('cr3-owner', await bundle('cr3-owner', 'node'), readExampleFiles(pti));
    expect(lines.join('\n')).toMatch(/^cpu 0: \d+ spin .*\ncpu 1: \d+ spin.*\ntraced: 1 init$/);
  });
});
