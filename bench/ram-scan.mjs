// pnpm exec tsx bench/ram-scan.mjs DUMP: the scan of all memory of a dump for VMCOREINFO, as a ratio to `cat` of the same
// file, pair by pair; above 1 the scan is faster.
import { spawnSync } from 'node:child_process';
import { openDumpFile } from '../packages/guest/src/node/index.ts';
import { findVmcoreinfos } from '../packages/symbols/src/index.ts';

const PAIRS = 21;
const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: tsx bench/ram-scan.mjs DUMP');

function time(run) {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

const dump = openDumpFile(file);
const scan = () => findVmcoreinfos(dump.memory);
const cat = () => spawnSync('sh', ['-c', 'cat "$0" > /dev/null', file]);
for (const warm of [cat, scan, scan]) warm();
const pairs = Array.from({ length: PAIRS }, () => [time(scan), time(cat)]);
const ratios = pairs.map(([ours, theirs]) => theirs / ours);
const show = (value) => value.toFixed(2);
console.log(`node ${process.version}, ${PAIRS} pairs, ${file}`);
console.log(`scan: median ${show(median(pairs.map(([ours]) => ours)))} ms`);
console.log(`cat: median ${show(median(pairs.map(([, theirs]) => theirs)))} ms`);
console.log(
  `speed: median ${show(median(ratios))} of cat, ${show(Math.min(...ratios))} to ${show(Math.max(...ratios))}`,
);
dump.close();
