import { defineConfig } from 'vitest/config';

const conditions = ['@osi-linux/source', 'import', 'module', 'node', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['{packages,tools,test-fixtures,tests,examples}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/*.guest.test.ts'],
    testTimeout: 30_000,
  },
});
