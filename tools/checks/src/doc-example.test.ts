import { OsiError } from '@osi-linux/core';
import { describe, expect, it } from 'vitest';
import { examplesOf } from './doc-comments';
import { runExample } from './doc-example';
import { exampleFixtures } from './example-fixtures';
import { readPublicNames } from './public-names';
import { readPackages } from './workspace';

const examples = [...readPublicNames(readPackages())].flatMap(([entry, names]) =>
  names.flatMap(({ name, declaration }) => examplesOf(declaration).map((code) => ({ entry, name, code }))),
);

const assertions = {
  equal: (received: unknown, expected: unknown, line: string) => expect(received, line).toEqual(expected),
  throws: (run: () => unknown, code: string, line: string) => {
    const thrown = catchError(run);
    expect(OsiError.is(thrown) ? thrown.code : thrown, line).toBe(code);
  },
};

function catchError(run: () => unknown): unknown {
  try {
    run();
    return 'nothing was thrown';
  } catch (error) {
    return error;
  }
}

describe('the examples of the doc comments', () => {
  it.each(examples)('$entry $name: each assertion holds', async ({ entry, code }) => {
    const core = await import('@osi-linux/core');
    const own = (await import(/* @vite-ignore */ entry)) as Record<string, unknown>;
    const memory = await import('@osi-linux/memory');
    const node = await import('@osi-linux/memory/node');
    const names = { ...core, ...memory, ...node, ...own, ...exampleFixtures() };
    expect(runExample(code, { names, ...assertions })).toBeGreaterThan(0);
  });
});

describe('running an example', () => {
  const scope = { names: { double: (n: number) => 2 * n }, ...assertions };

  it('fails on a wrong result', () => {
    expect(() => runExample('double(2) // => 5', scope)).toThrow(/5/);
  });

  it('fails where nothing is thrown', () => {
    expect(() => runExample('double(2) // throws SOME_CODE', scope)).toThrow(/SOME_CODE/);
  });

  it('fails on an undeclared fixture', () => {
    expect(() => runExample('declare const thing: number;\nthing // => 1', scope)).toThrow(/no fixture/);
  });

  it('counts what it checked', () => {
    expect(runExample('const four = double(2);\nfour // => 4\ndouble(four)\n// => 8', scope)).toBe(2);
  });
});
