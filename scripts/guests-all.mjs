// pnpm guests:all [NAME...]: the tests that a guest of the table is for, on all of them or on those that are named.
// Ends with a table of what was found on each.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, tryRun } from './workspace.mjs';

const reports = join(root, '.reports', 'guests');
rmSync(reports, { recursive: true, force: true });
const names = process.argv.slice(2);
const OSI_LINUX_GUESTS = names.length === 0 ? 'all' : names.join(',');
const tests = [
  'test-fixtures/src/guest-builder',
  'tests/kernel',
  'tests/main-job',
  'tests/osi-calls',
  'tests/without-profile',
];
const status = tryRun('node', ['scripts/test-guests.mjs', ...tests], { env: { OSI_LINUX_GUESTS } });
const found = existsSync(reports)
  ? readdirSync(reports).map((file) => JSON.parse(readFileSync(join(reports, file), 'utf8')))
  : [];
if (found.length === 0) console.error('guests:all: no guest was reached');
else printTable(found);
process.exit(status === 0 && found.length === 0 ? 1 : status);

function printTable(guests) {
  const commands = [...new Set(guests.flatMap(({ differences }) => Object.keys(differences)))];
  const head = ['guest', 'kernel', 'module', ...commands, 'known', 'seconds'];
  const sorted = guests.sort((one, other) => (one.name < other.name ? -1 : 1));
  const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0);
  const rows = sorted.map(({ name, release, module, differences, known = {}, seconds }) => [
    ...[name, release, module],
    ...commands.map((command) => String(differences[command] ?? '-')),
    String(sum(known)),
    String(seconds),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column].length)));
  const line = (row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd();
  console.log('\nDifferences of each listing from what the guest said of itself, from ELF and raw.');
  console.log(
    'known: of the kinds that test-fixtures/src/truth/known-differences.ts lists, each with its reason.\n',
  );
  for (const row of [head, widths.map((width) => '-'.repeat(width)), ...rows]) console.log(line(row));
}
