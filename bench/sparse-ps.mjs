// pnpm exec tsx bench/sparse-ps.mjs DUMP KCONF_FILE: `osi-linux ps` of an ELF core of QEMU that was given 64 GiB of RAM
// more, all of it a hole in the file, as a ratio to that of the core itself, pair by pair. Build first.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeSparseCore } from '../test-fixtures/src/peers/sparse-core.ts';

const PAIRS = 21;
const BYTES = 64 * 2 ** 30;
const [dump, conf] = process.argv.slice(2);
if (dump === undefined || conf === undefined)
  throw new Error('usage: tsx bench/sparse-ps.mjs DUMP KCONF_FILE');

const REPORT = `
import { readFileSync } from 'node:fs';
process.on('exit', () => console.error(/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]));
`;
const report = `data:text/javascript,${encodeURIComponent(REPORT)}`;
const program = fileURLToPath(new URL('../tools/cli/dist/osi-linux.js', import.meta.url));

function measure(file) {
  const start = process.hrtime.bigint();
  const words = ['--import', report, program, 'ps', file, '--kconf-file', conf, '--json'];
  const { stdout, stderr } = spawnSync('node', words, { encoding: 'utf8', maxBuffer: 1 << 28 });
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  if (!stdout.startsWith('[')) throw new Error(stderr);
  return { ms, mb: (Number(stderr.trim().split('\n').at(-1)) * 1024) / 1e6 };
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

const folder = mkdtempSync(join(tmpdir(), 'osi-linux-sparse-'));
try {
  const [small, big] = ['small.elf', 'big.elf'].map((name) => join(folder, name));
  copyFileSync(dump, small);
  await writeSparseCore(dump, big, BYTES);
  measure(big);
  measure(small);
  const pairs = Array.from({ length: PAIRS }, () => [measure(big), measure(small)]);
  const ratios = pairs.map(([a, b]) => a.ms / b.ms);
  const show = (value) => value.toFixed(2);
  console.log(`node ${process.version}, ${PAIRS} pairs, ${dump}`);
  for (const [side, name] of ['with 64 GiB more', 'as it is'].entries()) {
    const times = pairs.map((pair) => pair[side].ms);
    const peak = Math.max(...pairs.map((pair) => pair[side].mb));
    console.log(`${name}: median ${show(median(times))} ms, at most ${show(peak)} MB`);
  }
  console.log(
    `ratio: median ${show(median(ratios))}, ${show(Math.min(...ratios))} to ${show(Math.max(...ratios))}`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
