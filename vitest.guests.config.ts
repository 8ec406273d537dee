import { defineConfig } from 'vitest/config';

const conditions = ['@osi-linux/source', 'import', 'module', 'node', 'default'];

// Tests that build and boot real guests: one after the other, for they need the whole machine.
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['**/*.guest.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    reporters: ['default', 'json'],
    outputFile: { json: '.reports/guests.json' },
  },
});
