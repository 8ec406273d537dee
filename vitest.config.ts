import { defineConfig } from 'vitest/config';

const conditions = ['@osi-linux/source', 'import', 'module', 'node', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['{packages,tools,test-fixtures,tests,examples}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/*.guest.test.ts'],
    // Guards against what never ends, far above what the slowest test takes on a busy machine; no test relies on them.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // On a terminal each file with its time; elsewhere plain text: failures, and the sums.
    reporters: [process.stdout.isTTY ? 'default' : 'minimal', 'json'],
    outputFile: { json: '.reports/unit.json' },
  },
});
