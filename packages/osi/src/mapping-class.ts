import type { OsiModule } from './osi-types';

/** The class of a mapping of a process, as PANDA distinguishes them. */
export type MappingClass = 'file' | 'heap' | 'stack' | 'unknown';

/**
 * The class of a mapping: `file` if it has a file (of any name), else `heap` and `stack` by the names
 * `[heap]` and `[stack]`, else `unknown`, which PANDA calls `[???]`.
 *
 * `undefined` if it has neither a file nor a name: its class could not be read.
 *
 * @example
 * ```ts
 * const heap = { modd: 0n, base: 0x1000n, size: 4096, file: null, name: '[heap]', offset: null, flags: null };
 * classifyMapping(heap) // => 'heap'
 * classifyMapping({ ...heap, file: '/tmp/[heap]' }) // => 'file'
 * classifyMapping({ ...heap, name: '[vdso]' }) // => 'unknown'
 * classifyMapping({ ...heap, name: null }) // => undefined
 * ```
 */
export function classifyMapping({ file, name }: Pick<OsiModule, 'file' | 'name'>): MappingClass | undefined {
  if (file !== null) return 'file';
  if (name === '[heap]') return 'heap';
  if (name === '[stack]') return 'stack';
  return name === null ? undefined : 'unknown';
}
