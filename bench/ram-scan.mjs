// pnpm exec tsx bench/ram-scan.mjs DUMP: the one pass over all memory of a dump that leads to a kernel where nothing else
// names one, VMCOREINFO and page tables together, as a ratio to `cat` of the same file, pair by pair; above 1 the pass is
// faster. Then all of the way to the kernel, its symbols included.
import { spawnSync } from 'node:child_process';
import { openDumpFile } from '../packages/guest/src/node/index.ts';
import { locateKernel, MemorySurvey } from '../packages/symbols/src/index.ts';

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
const scan = () => new MemorySurvey(dump.memory).notes;
const locate = () => locateKernel({ memory: dump.memory });
const cat = () => spawnSync('sh', ['-c', 'cat "$0" > /dev/null', file]);
for (const warm of [cat, scan, scan, locate]) warm();
const rounds = Array.from({ length: PAIRS }, () => [time(scan), time(cat), time(locate)]);
const show = (value) => value.toFixed(2);
const of = (place) => rounds.map((round) => round[place]);
console.log(`node ${process.version}, ${PAIRS} pairs, ${file}`);
for (const [name, place] of [
  ['the pass', 0],
  ['to the kernel', 2],
]) {
  const ratios = rounds.map((round) => round[1] / round[place]);
  const range = `${show(Math.min(...ratios))} to ${show(Math.max(...ratios))}`;
  console.log(
    `${name}: median ${show(median(of(place)))} ms, ${show(median(ratios))} of the speed of cat, ${range}`,
  );
}
console.log(`cat: median ${show(median(of(1)))} ms`);
dump.close();
