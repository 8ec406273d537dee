import { copyFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'tsup';

// The project's own packages are bundled in, so that a cold command opens three files and not thirty.
export default defineConfig({
  entry: { 'kconf-import': 'src/kconf-import/main.ts', 'osi-linux': 'src/osi-linux/main.ts' },
  format: ['esm'],
  clean: true,
  target: 'node20',
  treeshake: true,
  // Node parses all of a file before it runs any of it, so that fewer characters start sooner.
  minify: true,
  noExternal: [/^@osi-linux\//],
  esbuildOptions: (options) => {
    options.conditions = ['@osi-linux/source'];
    options.alias = { fflate: fileURLToPath(new URL('src/terminal/node-fflate.ts', import.meta.url)) };
  },
  // The key file that is used where there is no other.
  onSuccess: async () => copyFileSync('../../kernelinfo.conf', 'dist/kernelinfo.conf'),
  banner: { js: '#!/usr/bin/env node' },
});
