import { copyFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, defineConfig, type Options } from 'tsup';

// The project's own packages are bundled in, so that a cold command opens three files and not thirty.
const bundled: Options = {
  format: ['esm'],
  target: 'node20',
  treeshake: true,
  // Node parses all of a file before it runs any of it, so that fewer characters start sooner.
  minify: true,
  noExternal: [/^@osi-linux\//],
  esbuildOptions: (options) => {
    options.conditions = ['@osi-linux/source'];
    options.alias = { fflate: fileURLToPath(new URL('src/terminal/node-fflate.ts', import.meta.url)) };
  },
};

export default defineConfig({
  ...bundled,
  entry: { 'kconf-import': 'src/kconf-import/main.ts', 'osi-linux': 'src/osi-linux/main.ts' },
  clean: true,
  external: ['#kernel-file'],
  banner: { js: '#!/usr/bin/env node' },
  onSuccess: async () => {
    // The key file that is used where there is no other.
    copyFileSync('../../kernelinfo.conf', 'dist/kernelinfo.conf');
    // A bundle of its own: what is loaded later, but is of a package that is loaded at once, would be put into the first.
    const entry = { 'kernel-file': 'src/osi-linux/kernel-file.ts' };
    await build({ ...bundled, entry, config: false, splitting: false, silent: true });
  },
});
