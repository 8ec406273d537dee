import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';
import { runInterruptible } from './interruption';

const folder = mkdtempSync(join(tmpdir(), 'osi-linux-interruption-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A process that works for ever, in one of two ways. */
const PROGRAM = `
import { runInterruptible } from './interruption.mjs';
const work = () => {
  process.stdout.write('ready\\n');
  if (process.argv[2] === 'wait') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  for (;;);
};
runInterruptible(work, () => 'looking for the kernel', (text) => process.stderr.write(text));
`;

describe('work that can be interrupted', () => {
  it('gives its value, and throws its own errors', () => {
    const fail = () => {
      throw new TypeError('its own');
    };
    const nothing = () => undefined;
    expect(runInterruptible(() => 7, String, nothing)).toBe(7);
    expect(() => runInterruptible(fail, String, nothing)).toThrow(new TypeError('its own'));
  });

  it.each(['loop', 'wait'])('ends at Ctrl-C with a line about what it did (%s)', async (way) => {
    const source = readFileSync(fileURLToPath(new URL('interruption.ts', import.meta.url)), 'utf8');
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
    const { outputText } = ts.transpileModule(source, { compilerOptions });
    writeFileSync(join(folder, 'interruption.mjs'), outputText);
    writeFileSync(join(folder, 'program.mjs'), PROGRAM);
    const child = spawn(process.execPath, [join(folder, 'program.mjs'), way]);
    let err = '';
    child.stderr.on('data', (text: Buffer) => {
      err += text.toString();
    });
    const closed = once(child, 'close');
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    expect(await closed).toEqual([null, 'SIGINT']);
    expect(err).toBe('interrupted while looking for the kernel\n');
  });
});
