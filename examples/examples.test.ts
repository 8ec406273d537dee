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

const expected: Record<string, readonly RegExp[]> = {
  core: [/^0xffffffff8328b780$/, /^a name\\x1b\[31m$/, /^ADDRESS_MALFORMED$/, /hint: /],
  guest: [/^\d+ processes, 0 skipped$/, /^0 swapper\/0$/, /^1 /, /^2 kthreadd$/, /^cpu 0 runs \d+ /],
  kconf: [
    /^6\.1\.\S+\|#1 SMP .*\|x86_64$/,
    /^task\.tasks_offset = \d+$/,
    /^task\.init_addr = 0xffffffff/,
    /^0 issues$/,
  ],
  kstruct: [/^pid 0 is swapper\/0$/],
  memory: [
    /^elf, x86_64, \d+ ranges$/,
    /^cpu 0: cr3 0x/,
    /^cpu 1: cr3 0x/,
    /has 4096 bytes$/,
    /^PHYSICAL_HOLE$/,
  ],
  osi: [/^cpu 3 runs thread 4 of process 1$/],
  'osi-linux': [/^0 swapper\/0$/, /^0 skipped$/],
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

async function runInNode(name: string, code: string): Promise<string[]> {
  const url = `data:text/javascript;name=${encodeURIComponent(pathToFileURL(name).href)},${encodeURIComponent(code)}`;
  const { run } = (await import(/* @vite-ignore */ url)) as { run: (files: ExampleFiles) => string[] };
  return run(readExampleFiles());
}

function readExampleFiles(): ExampleFiles {
  return {
    dump: new Uint8Array(readFileSync(`${recorded}guest.elf`)),
    kconf: new Uint8Array(readFileSync(`${recorded}kernelinfo.conf`)),
    log: readFileSync(`${recorded}dmesg.log`, 'utf8'),
  };
}

describe('the examples', () => {
  it('are one for each package', () => {
    expect(examples.sort()).toEqual(readdirSync(`${folder}../packages`).sort());
  });

  describe.each(examples)('%s', (name) => {
    it('imports its package alone', () => {
      const text = readFileSync(`${folder}${name}/example.ts`, 'utf8');
      const imports = [...text.matchAll(/from '([^']+)'/g)].map(([, from]) => from);
      expect(new Set(imports.filter((from) => !from?.startsWith('.')))).toEqual(
        new Set([`@osi-linux/${name}`]),
      );
    });

    it('runs in Node and, bundled, in a browser, with the same result', async () => {
      const inNode = await runInNode(name, await bundle(name, 'node'));
      expect(runAsBrowser(await bundle(name, 'browser'))).toEqual(inNode);
      for (const form of expected[name] ?? [/^$/])
        expect(inNode.join('\n')).toMatch(new RegExp(form.source, 'm'));
    });
  });
});
