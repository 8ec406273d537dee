// pnpm bench [DUMP KCONF_FILE]: a cold `osi-linux ps`, as a ratio to `node -e 0`, pair by pair. Build first.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PAIRS = 21;
const recorded = new URL('../test-fixtures/recorded/debian-12-amd64/', import.meta.url);
const path = (name, base) => fileURLToPath(new URL(name, base));
const dump = process.argv[2] ?? path('guest.elf', recorded);
const conf = process.argv[3] ?? path('kernelinfo.conf', recorded);
const ps = [
  path('../tools/cli/dist/osi-linux.js', import.meta.url),
  'ps',
  dump,
  '--kconf-file',
  conf,
  '--json',
];

function time(args) {
  const start = process.hrtime.bigint();
  const { status } = spawnSync('node', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(`node ${args.join(' ')} exited with ${status}`);
  return ms;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

time(ps);
time(['-e', '0']);
const pairs = Array.from({ length: PAIRS }, () => [time(ps), time(['-e', '0'])]);
const ratios = pairs.map(([a, b]) => a / b);
const show = (value) => value.toFixed(2);
console.log(`node ${process.version}, ${PAIRS} pairs, ${dump}`);
console.log(`osi-linux ps   median ${show(median(pairs.map(([a]) => a)))} ms`);
console.log(`node -e 0      median ${show(median(pairs.map(([, b]) => b)))} ms`);
console.log(
  `ratio          median ${show(median(ratios))}, ${show(Math.min(...ratios))} to ${show(Math.max(...ratios))}`,
);
