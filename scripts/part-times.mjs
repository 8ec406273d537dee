// node scripts/part-times.mjs NAME=SECONDS... [REPORT...]: a table of minutes by part of a run. The parts are those that
// the caller has timed, and each file of the reports of vitest.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { root } from './workspace.mjs';

const rows = process.argv.slice(2).flatMap((argument) => {
  const [, name, seconds] = /^([\w ]+)=(\d+)$/.exec(argument) ?? [];
  return name === undefined ? filesOf(argument) : [[name, Number(seconds)]];
});
const width = Math.max(4, ...rows.map(([name]) => name.length));
console.log(`\n${'part'.padEnd(width)}  minutes`);
for (const [name, seconds] of rows)
  console.log(`${name.padEnd(width)}  ${(seconds / 60).toFixed(1).padStart(7)}`);

/** The test files of a report, with the seconds that each took; none where the report was not written. */
function filesOf(path) {
  if (!existsSync(path)) return [];
  const { testResults } = JSON.parse(readFileSync(path, 'utf8'));
  return testResults
    .map(({ name, startTime, endTime }) => [`  ${relative(root, name)}`, (endTime - startTime) / 1000])
    .sort(([, one], [, other]) => other - one);
}
