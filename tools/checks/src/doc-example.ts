import ts from 'typescript';

/**
 * The names that an example may use besides the language: exported names, and the things that it `declare`s.
 */
export interface ExampleScope {
  readonly names: Readonly<Record<string, unknown>>;
  readonly equal: (received: unknown, expected: unknown, line: string) => void;
  readonly throws: (run: () => unknown, code: string, line: string) => void;
}

/**
 * Runs the code of an `@example`: `EXPR // => EXPECTED` and `EXPR // throws CODE` are assertions, a line
 * `declare const x: T;` takes `x` from the scope. Returns how many assertions ran.
 */
export function runExample(code: string, scope: ExampleScope): number {
  let assertions = 0;
  const check = {
    __equal: (received: unknown, expected: unknown, line: string) => {
      assertions += 1;
      scope.equal(received, expected, line);
    },
    __throws: (run: () => unknown, expected: string, line: string) => {
      assertions += 1;
      scope.throws(run, expected, line);
    },
  };
  const all: Record<string, unknown> = { ...scope.names, ...check };
  for (const [, name] of code.matchAll(/^declare const (\w+)/gm)) {
    if (name !== undefined && !(name in all)) throw new Error(`no fixture called ${name} for: ${code}`);
  }
  const script = ts.transpile(withAssertions(code), { target: ts.ScriptTarget.ES2022 });
  new Function(...Object.keys(all), `"use strict";\n{${script}\n}`)(...Object.values(all));
  return assertions;
}

function withAssertions(code: string): string {
  const joined = code
    .replace(/^(declare const|import) .*\n/gm, '')
    .replace(/\s*\n\/\/ (=>|throws) /g, ' // $1 ');
  return joined.split('\n').map(assertionOf).join('\n');
}

function assertionOf(line: string): string {
  const [, expression, verb, expected] = /^(.*?);?\s*\/\/ (=>|throws) (.*)$/.exec(line) ?? [];
  if (expression === undefined || expected === undefined) return line;
  const quoted = JSON.stringify(line);
  if (verb === 'throws')
    return `__throws(() => (${expression}), ${JSON.stringify(expected.trim())}, ${quoted});`;
  return `__equal((${expression}), (${expected}), ${quoted});`;
}
