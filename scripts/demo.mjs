// npm run demo: from a real kernel log to the processes of a recorded real guest.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { install, pnpmCommand, run } from './workspace.mjs';

const guest = 'test-fixtures/recorded/debian-12-amd64';
const folder = mkdtempSync(join(tmpdir(), 'osi-linux-demo-'));
const conf = join(folder, 'kernelinfo.conf');

install();
run(...pnpmCommand('run', 'build'));
try {
  console.log('\n1. A kernel log becomes a section of kernelinfo.conf:');
  run('node', ['tools/cli/dist/kconf-import.js', `${guest}/dmesg.log`, '--group', 'demo', '--output', conf]);
  console.log('\n2. The processes of a Debian 12 guest, read from its memory:');
  run('node', [
    'tools/cli/dist/osi-linux.js',
    'ps',
    `${guest}/guest.elf`,
    '--kconf-file',
    conf,
    '--kconf-group',
    'demo',
  ]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`\nYour own dump: node tools/cli/dist/osi-linux.js ps DUMP --kconf-file kernelinfo.conf
Your own kernel: docs/adding-a-kernel.md`);
