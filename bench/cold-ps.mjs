// pnpm bench [DUMP [KCONF_FILE]]: a cold `osi-linux ps`, as a ratio to `node -e 0`, pair by pair. Build first.
// With a DUMP and no KCONF_FILE, the guest's own types and symbols tell the profile.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PAIRS = 21;
const recorded = new URL('../test-fixtures/recorded/debian-12-amd64/', import.meta.url);
const path = (name, base) => fileURLToPath(new URL(name, base));
const dump = process.argv[2] ?? path('guest.elf', recorded);
const folder = mkdtempSync(join(tmpdir(), 'cold-ps-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
const nothing = join(folder, 'kernelinfo.conf');
writeFileSync(nothing, '');
const without = process.argv[2] === undefined ? path('kernelinfo.conf', recorded) : nothing;
const conf = process.argv[3] ?? without;
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
  const { status } = spawnSync('node', args, { stdio: 'ignore' });
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  // 1: a few pages of a guest are always swapped out.
  if (status !== 0 && status !== 1) throw new Error(`node ${args.join(' ')} exited with ${status}`);
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
const profile = conf === nothing ? 'no section' : 'a section';
console.log(`node ${process.version}, ${PAIRS} pairs, ${dump}, ${profile}`);
console.log(`osi-linux ps   median ${show(median(pairs.map(([a]) => a)))} ms`);
console.log(`node -e 0      median ${show(median(pairs.map(([, b]) => b)))} ms`);
console.log(
  `ratio          median ${show(median(ratios))}, ${show(Math.min(...ratios))} to ${show(Math.max(...ratios))}`,
);
