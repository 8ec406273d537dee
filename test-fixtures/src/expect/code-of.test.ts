import { OsiError } from '@osi-linux/core';
import { describe, expect, it } from 'vitest';
import { codeOf } from './code-of';

describe('codeOf', () => {
  it('returns the code of the OsiError that was thrown', () => {
    const run = () => {
      throw new OsiError('SOME_CODE', 'a message');
    };
    expect(codeOf(run)).toBe('SOME_CODE');
  });

  it('returns no code where nothing was thrown', () => {
    expect(codeOf(() => 'SOME_CODE')).toBe('nothing was thrown');
  });

  it('throws on what is not an OsiError', () => {
    const run = () => {
      throw new TypeError('a fault of the program');
    };
    expect(() => codeOf(run)).toThrow(TypeError);
  });
});
