import type { Options } from 'tsup';

/** What every library package is built with: ESM and CommonJS, types for both, no dependency bundled. */
export function libraryBuild(entry: Record<string, string> = { index: 'src/index.ts' }): Options {
  return {
    entry,
    format: ['esm', 'cjs'],
    dts: true,
    clean: true,
    sourcemap: true,
    target: 'node20',
    treeshake: true,
    outExtension: ({ format }) => ({ js: format === 'esm' ? '.js' : '.cjs' }),
  };
}
