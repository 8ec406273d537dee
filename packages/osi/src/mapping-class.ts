import type { OsiModule } from './osi-types';

/** What a mapping of a process is, as PANDA tells them apart. */
export type MappingClass = 'file' | 'heap' | 'stack' | 'unknown';

/**
 * What a mapping is: `file` where it has a file (whatever that is called), else `heap` and `stack` by the names `[heap]`
 * and `[stack]`, else `unknown`, which PANDA calls `[???]`.
 *
 * `undefined` where it has neither a file nor a name: what it is could not be read.
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
