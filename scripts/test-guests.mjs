// npm run test:guests: builds and boots real guests, and runs every *.guest.test.ts against them. Before that the dump
// formats get 100,000 damaged dumps.
// Needs Debian, root, and the machine's Debian mirror. Arguments are passed on to vitest, and leave those out.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { install, pnpmCommand, run, tryRun } from './workspace.mjs';

/** What the tests use of the machine, and the package that has it. */
const NEEDED = [
  ['qemu-system-x86_64', ['--version'], 'qemu-system-x86'],
  ['gcc', ['--version'], 'gcc libc6-dev'],
  ['pkg-config', ['--exists', 'glib-2.0'], 'pkg-config libglib2.0-dev'],
  ['bpftool', ['version'], 'bpftool'],
  ['readelf', ['--version'], 'binutils'],
  ['xz', ['--version'], 'xz-utils'],
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
run(...pnpmCommand('run', 'build'));
const vitest = ['exec', 'vitest', 'run', '--config', 'vitest.guests.config.ts'];
const chosen = process.argv.slice(2);
const fuzzed = chosen.length > 0 ? 0 : fuzzDumps();
const tested = tryRun(...pnpmCommand(...vitest, ...chosen));
process.exit(tested === 0 ? fuzzed : tested);

/** More damaged dumps than the unit tests have time for: about a minute. */
function fuzzDumps() {
  const OSI_LINUX_DUMP_FUZZ_RUNS = process.env.OSI_LINUX_DUMP_FUZZ_RUNS ?? '100000';
  const file = 'packages/memory/src/formats/dump-fuzz.test.ts';
  return tryRun(...pnpmCommand('exec', 'vitest', 'run', file, '--outputFile.json=.reports/fuzz.json'), {
    env: { OSI_LINUX_DUMP_FUZZ_RUNS },
  });
}

function giveUp(message) {
  console.error(`test:guests: ${message}`);
  process.exit(1);
}
