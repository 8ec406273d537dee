import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AF_CONSTANTS, SOCK_CONSTANTS, TCP_CONSTANTS } from './socket-names';

// The compiler gives the constants: the tables of the oracle are neither ours nor the kernel's.

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'socket-names-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The same constants with the values that a C program prints of them. */
function compiled(constants: string): string {
  const names = constants.split(', ').map((constant) => constant.split(' ')[0] ?? '');
  const prints = names.map((name) => `printf("${name} %d\\n", (int)${name});`);
  const source = `#include <stdio.h>\n#include <sys/socket.h>\n#include <netinet/tcp.h>\nint main(void) { ${prints.join(' ')} return 0; }\n`;
  const program = join(folder, 'names');
  execFileSync('gcc', ['-x', 'c', '-D_GNU_SOURCE', '-o', program, '-'], { input: source });
  return execFileSync(program, { encoding: 'utf8' }).trimEnd().split('\n').join(', ');
}

describe("the oracle's constants of sockets", () => {
  it.each([
    ['families', AF_CONSTANTS],
    ['types', SOCK_CONSTANTS],
    ['states of TCP', TCP_CONSTANTS],
  ])('%s are those of the C library', (_, constants) => {
    expect(compiled(constants)).toBe(constants);
  });
});
