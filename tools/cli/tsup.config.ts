import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Options } from 'tsup';

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Folders of the packages of others whose code is bundled. */
const bundled = new Set<string>();

const noteLicenses: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'note-licenses',
  setup: (build) =>
    build.onEnd(({ metafile }) => {
      for (const { inputs } of Object.values(metafile?.outputs ?? {})) {
        for (const path of Object.keys(inputs)) {
          const folder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
          if (folder !== undefined) bundled.add(folder);
        }
      }
      mkdirSync('dist', { recursive: true });
      writeFileSync('dist/THIRD-PARTY-LICENSES', [...bundled].sort().map(licenseOf).join('\n'));
    }),
};

/** A package with its license, which has to go with its code. */
function licenseOf(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((found) => /^licen[cs]e/i.test(found));
  if (file === undefined) throw new Error(`${name} has no license text, and cannot be bundled`);
  return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
}

// Each command is bundled on its own, with all that it needs: what two of them share would be files of their own, and
// each file that is opened, and each character that is parsed, makes a cold command slower. The output is CommonJS,
// which starts sooner: docs/decisions/2026-11-30-commands-start-as-commonjs.md.
const common: Options = {
  format: ['cjs'],
  target: 'node20',
  splitting: true,
  treeshake: true,
  minify: true,
  // For `import.meta.url`.
  shims: true,
  noExternal: [/^@osi-linux\//, 'commander'],
  // So that the alias of a module of Node is found.
  removeNodeProtocol: false,
  esbuildOptions: (options) => {
    options.conditions = ['@osi-linux/source'];
    options.alias = {
      fflate: source('src/terminal/node-fflate.ts'),
      'node:child_process': source('src/terminal/node-child-process.ts'),
    };
  },
  esbuildPlugins: [noteLicenses],
};
const banner = { js: '#!/usr/bin/env node' };

export default defineConfig([
  {
    ...common,
    banner,
    clean: true,
    entry: { 'osi-linux': 'src/osi-linux/main.mts' },
    external: ['#kernel-file'],
    // The key file that is used where there is no other.
    onSuccess: async () => copyFileSync('../../kernelinfo.conf', 'dist/kernelinfo.conf'),
  },
  { ...common, banner, entry: { 'kconf-import': 'src/kconf-import/main.mts' } },
  // Of its own: what is loaded later, but is of a package that is loaded at once, would be put into the first.
  { ...common, entry: { 'kernel-file': 'src/osi-linux/kernel-file.ts' } },
]);
