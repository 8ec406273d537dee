import { defineConfig } from 'tsup';

// The project's own packages are bundled in, so that a cold command opens three files and not thirty.
export default defineConfig({
  entry: { 'kconf-import': 'src/kconf-import/main.ts', 'osi-linux': 'src/osi-linux/main.ts' },
  format: ['esm'],
  clean: true,
  target: 'node20',
  treeshake: true,
  noExternal: [/^@osi-linux\//],
  banner: { js: '#!/usr/bin/env node' },
});
