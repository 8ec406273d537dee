// node bench/zstd.mjs FILE.zst...: unpacking a file in zstd into a temporary file, as opening a dump does, as a ratio to
// `zstd -d` of the same file into nothing, pair by pair; the processor time of ours, which other work changes less; and the
// most memory at once. Build first.
import { spawnSync } from 'node:child_process';
import { openFileSource, unpackSource } from '../packages/memory/dist/node.js';

const PAIRS = 7;
const files = process.argv.slice(2);
if (files.length === 0) throw new Error('usage: node bench/zstd.mjs FILE.zst...');

function time(run) {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function intoFile(file) {
  const { source, findings } = unpackSource(openFileSource(file));
  if (findings.length !== 1) throw new Error(`${file}: ${findings[1]?.evidence}`);
  const { size } = source;
  source.close();
  return size;
}

function reference(file) {
  const { status } = spawnSync('zstd', ['-dqc', '--long=31', '--no-check', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`zstd -d ${file} exited with ${status}`);
}

const show = (value) => value.toFixed(2);
console.log(`node ${process.version}, ${PAIRS} pairs`);
for (const file of files) {
  const size = intoFile(file);
  reference(file);
  const before = process.cpuUsage();
  const rounds = Array.from({ length: PAIRS }, () => [
    time(() => reference(file)),
    time(() => intoFile(file)),
  ]);
  const used = process.cpuUsage(before);
  const ratios = rounds.map(([theirs, ours]) => ours / theirs);
  const [theirs, ours] = [0, 1].map((place) => median(rounds.map((round) => round[place])));
  const cpu = (used.user + used.system) / 1000 / PAIRS;
  const range = `${show(Math.min(...ratios))} to ${show(Math.max(...ratios))}`;
  console.log(`${file}, ${Math.round(size / 2 ** 20)} MiB`);
  console.log(`  zstd -d: median ${show(theirs)} ms`);
  console.log(
    `  ours: median ${show(ours)} ms (processor ${show(cpu)} ms), ${show(median(ratios))} of it, ${range}`,
  );
}
console.log(`most memory: ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
