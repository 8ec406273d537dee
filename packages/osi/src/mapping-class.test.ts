import { describe, expect, it } from 'vitest';
import { classifyMapping } from './mapping-class';

describe('classifyMapping', () => {
  it.each([
    ['a file', { file: '/usr/lib/libc.so.6', name: 'libc.so.6' }, 'file'],
    ['a file that is called like the heap', { file: '/tmp/[heap]', name: '[heap]' }, 'file'],
    ['a file without a readable name', { file: 'memfd', name: null }, 'file'],
    ['the heap', { file: null, name: '[heap]' }, 'heap'],
    ['the stack', { file: null, name: '[stack]' }, 'stack'],
    ['the vdso', { file: null, name: '[vdso]' }, 'unknown'],
    ['a named stack of a thread', { file: null, name: '[anon:stack]' }, 'unknown'],
    ['anonymous memory', { file: null, name: '[???]' }, 'unknown'],
    ['what could not be read', { file: null, name: null }, undefined],
  ])('of %s', (_, mapping, expected) => {
    expect(classifyMapping(mapping)).toBe(expected);
  });
});
