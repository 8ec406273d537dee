import { describe, expect, it, vi } from 'vitest';
import { formatErrorChain } from './error-chain';
import { OsiError } from './osi-error';
import { SkippedLog } from './skipped';

describe('OsiError', () => {
  it('is known to another copy of the package, and nothing else is', async () => {
    vi.resetModules();
    const copy = await import('./osi-error');
    expect(copy.OsiError).not.toBe(OsiError);
    expect(OsiError.is(new copy.OsiError('A_CODE', 'a message'))).toBe(true);
    expect(OsiError.is(new Error('a message'))).toBe(false);
    expect(OsiError.is(null)).toBe(false);
    expect(OsiError.is('A_CODE')).toBe(false);
  });

  it('carries its facts as data', () => {
    const error = new OsiError('A_CODE', 'a message', { fields: { line: 7 } });
    expect(error.fields).toEqual({ line: 7 });
    expect(error.hint).toBeUndefined();
    expect('cause' in error).toBe(false);
  });
});

describe('formatErrorChain', () => {
  it('ends where a chain of causes leads back to itself', () => {
    const error: { message: string; cause?: unknown } & Error = new Error('round');
    error.cause = error;
    expect(formatErrorChain(error).split('\n').length).toBeLessThan(40);
  });

  it('prints a cause that is not an error as text', () => {
    expect(formatErrorChain('just text')).toBe('just text');
  });
});

describe('SkippedLog', () => {
  it('lets errors of the program itself pass', () => {
    const log = new SkippedLog();
    const broken = () => {
      throw new TypeError('a bug');
    };
    expect(() => log.attempt(() => ({ kind: 'process', pid: 1 }), broken)).toThrow(TypeError);
    expect(log.records).toEqual([]);
  });
});
