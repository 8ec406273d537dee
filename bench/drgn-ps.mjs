// pnpm exec tsx bench/drgn-ps.mjs DUMP KCONF_FILE (Debian, root): a cold `osi-linux ps` without a profile, as a ratio to
// the newest Debian's `drgn` listing the same tasks by offsets that it is given, pair by pair. Build first. DUMP is of a
// 64-bit guest with VMCOREINFO; KCONF_FILE has the section of its boot, for drgn alone.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openGuestFile } from '../packages/guest/src/node/index.ts';
import { drgnTasks, peerRoot, runPeer } from '../test-fixtures/src/peers/index.ts';

const PAIRS = 11;
const [dump, conf] = process.argv.slice(2);
if (dump === undefined || conf === undefined) throw new Error('usage: tsx bench/drgn-ps.mjs DUMP KCONF_FILE');
const program = fileURLToPath(new URL('../tools/cli/dist/osi-linux.js', import.meta.url));

async function time(run) {
  const start = process.hrtime.bigint();
  await run();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

const folder = mkdtempSync(join(tmpdir(), 'osi-linux-drgn-'));
try {
  copyFileSync(dump, join(folder, 'dump'));
  writeFileSync(join(folder, 'none.conf'), '');
  const { profile } = openGuestFile(dump, { kconfFile: conf });
  const peers = await peerRoot('amd64');
  const ours = () =>
    spawnSync('node', [
      program,
      'ps',
      join(folder, 'dump'),
      '--kconf-file',
      join(folder, 'none.conf'),
      '--json',
    ]);
  const theirs = () => drgnTasks(peers, folder, 'dump', profile.kernel.info);
  // The private root is entered for each run; that is not drgn's own time.
  const entering = () => runPeer(peers, folder, ['true']);
  // Both once before: their files are in memory then, and Python has compiled what it imports.
  const tasks = (await theirs()).map(({ address, pid }) => `${pid} 0x${address.toString(16)}`);
  const rows = JSON.parse(ours().stdout.toString()).map(({ pid, taskd }) => `${pid} ${taskd}`);
  if (tasks.join() !== rows.join()) throw new Error('the two list other tasks');
  const runs = [];
  for (let pair = 0; pair < PAIRS; pair += 1)
    runs.push({ ours: await time(ours), theirs: (await time(theirs)) - (await time(entering)) });
  const ratios = runs.map((run) => run.ours / run.theirs);
  const show = (value) => value.toFixed(2);
  console.log(`node ${process.version}, ${PAIRS} pairs, ${dump}`);
  console.log(`osi-linux ps, no profile: median ${show(median(runs.map((run) => run.ours)))} ms`);
  console.log(`drgn: median ${show(median(runs.map((run) => run.theirs)))} ms`);
  console.log(
    `ratio: median ${show(median(ratios))}, ${show(Math.min(...ratios))} to ${show(Math.max(...ratios))}`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
