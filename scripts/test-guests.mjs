// npm run test:guests: builds and boots real guests, and runs every *.guest.test.ts against them.
// Needs Debian, root, and the machine's Debian mirror. Arguments are passed on to vitest.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { install, pnpmCommand, run, tryRun } from './workspace.mjs';

/** What the tests use of the machine, and the package that has it. */
const NEEDED = [
  ['qemu-system-x86_64', ['--version'], 'qemu-system-x86'],
  ['gcc', ['--version'], 'gcc libc6-dev'],
  ['pkg-config', ['--exists', 'glib-2.0'], 'pkg-config libglib2.0-dev'],
];

const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
if (!/^ID(_LIKE)?=.*debian/m.test(release)) {
  giveUp('this needs a Debian system: guests are made of packages that apt fetches');
}
if (process.getuid?.() !== 0) {
  giveUp("this needs root: the guests' modules are compiled in a chroot; try sudo");
}
const missing = NEEDED.filter(([command, args]) => spawnSync(command, args).status !== 0);
if (missing.length > 0) {
  const packages = missing.flatMap(([, , names]) => names.split(' '));
  run('apt-get', ['-q', 'update']);
  run('apt-get', ['-q', '-y', '--no-install-recommends', 'install', ...packages]);
}
install();
run(...pnpmCommand('run', 'build', '--output-logs=errors-only'));
const reporters = ['--reporter=default', '--reporter=json', '--outputFile.json=.reports/guests.json'];
const vitest = ['exec', 'vitest', 'run', '--config', 'vitest.guests.config.ts', ...reporters];
process.exit(tryRun(...pnpmCommand(...vitest, ...process.argv.slice(2))));

function giveUp(message) {
  console.error(`test:guests: ${message}`);
  process.exit(1);
}
