// node scripts/turbo.mjs TASK [OPTIONS]: runs a task in each package that has it. On a terminal turbo draws; elsewhere one
// line says that it went well, and all that turbo has printed is shown where it did not.
import { spawnSync } from 'node:child_process';
import { environment, root, tryRun } from './workspace.mjs';

const args = ['run', ...process.argv.slice(2)];
if (process.stdout.isTTY) process.exit(tryRun('turbo', args));
const { status, stdout, stderr, error } = spawnSync('turbo', args, {
  cwd: root,
  env: environment,
  encoding: 'utf8',
  maxBuffer: 1 << 28,
  shell: process.platform === 'win32',
});
if (status === 0) console.log(`${process.argv[2]}:${/^ *Tasks:(.*)$/m.exec(stdout)?.[1] ?? ' done'}`);
else console.error(error?.message ?? `${stdout}${stderr}`);
process.exit(status ?? 1);
