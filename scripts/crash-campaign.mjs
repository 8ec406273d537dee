// node scripts/crash-campaign.mjs [SECONDS] [COMMAND]: kills kconf-import at any moment, gives it full and read-only file
// systems and races, and counts what became of the user's file: the old one, the new one, or anything else.
// Linux; the cases with file systems of their own need root. COMMAND is tools/cli/dist/kconf-import.js as built.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { root } from './workspace.mjs';

const seconds = Number(process.argv[2] ?? 60);
const command = process.argv[3] ?? join(root, 'tools/cli/dist/kconf-import.js');
const log = join(root, 'test-fixtures/logs/debian-6.1-amd64.log');
const isRoot = process.getuid?.() === 0;
const NOBODY = 65534;

const scratch = mkdtempSync(join(tmpdir(), 'crash-campaign-'));
const mounts = [];
/** What must never be lost: a megabyte in a hundred groups, with bytes that are no UTF-8. */
const precious = Buffer.concat([
  Buffer.from(
    Array.from({ length: 100 }, (_, index) => `[old${index}]\nx = 1\n# ${'y'.repeat(10_000)}\n\n`).join(''),
  ),
  Buffer.from('# precious \xff\n', 'latin1'),
]);

/** The same eight times over: a file that takes a while to write. */
const large = Buffer.concat(Array.from({ length: 8 }, () => precious));

/** Starts an import; gives its exit code (null when killed) and what it said. */
function start(target, group, { args = [], uid } = {}) {
  const words = [command, log, '--group', group, '--output', target, ...args];
  const child = spawn(process.execPath, words, uid === undefined ? {} : { uid, gid: uid });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      said += text;
    });
  }
  return { child, done: new Promise((resolve) => child.on('close', (code) => resolve({ code, said }))) };
}

/** The bytes that an undisturbed import makes of a file. */
async function importedFrom(bytes, group, args = []) {
  const target = join(mkdtempSync(join(scratch, 'whole-')), 'k.conf');
  if (bytes !== undefined) writeFileSync(target, bytes);
  const { code, said } = await start(target, group, { args }).done;
  if (code !== 0) throw new Error(`an undisturbed import ends with ${code}: ${said}`);
  return readFileSync(target);
}

const sectionBytes = (await importedFrom(undefined, 'GROUP')).toString();
const sectionOf = (group) => sectionBytes.replace('[GROUP]', `[${group}]`);
const claims = (folder) => readdirSync(folder).filter((name) => name.startsWith('.kconf-import-'));

/** Kills at a random moment: of the whole run, or of the short time in which something changes in the folder. */
async function killSometime({ child, done }, folder) {
  let ended = false;
  const end = done.finally(() => {
    ended = true;
  });
  const before = lookOf(folder);
  if (Math.random() < 0.2) await Promise.race([end, setTimeout(Math.random() * 400)]);
  else {
    while (!ended && lookOf(folder) === before) await setImmediate();
    const longest = [3, 25, 150][Math.floor(Math.random() * 3)];
    const kill = performance.now() + Math.random() * longest;
    while (!ended && performance.now() < kill) await setImmediate();
  }
  child.kill('SIGKILL');
  return end;
}

/** What another program sees of a folder: its names, and the size of the key file. */
function lookOf(folder) {
  const size = statSync(join(folder, 'k.conf'), { throwIfNoEntry: false })?.size;
  return `${readdirSync(folder).length} ${size}`;
}

/** A run that was not killed ends well, or says why the file cannot be changed. */
function isExpectedEnd({ code, said }) {
  return (
    code === 0 ||
    code === null ||
    (code === 1 && /cannot write|is being changed|was changed|has a group/.test(said))
  );
}

class Row {
  constructor(name) {
    Object.assign(this, { name, runs: 0, old: 0, new: 0, other: 0 });
  }

  count(outcome, details = '') {
    this.runs += 1;
    this[outcome] += 1;
    if (outcome === 'other') console.error(`${this.name}: ${details}`);
  }

  /** Compares a file with what it may be; `undefined` stands for no file. */
  compare(target, before, after, result) {
    const now = existsSync(target) ? readFileSync(target) : undefined;
    const same = (one) => (one === undefined || now === undefined ? one === now : one.equals(now));
    const outcome = same(after) ? 'new' : same(before) ? 'old' : 'other';
    const lied = (result.code === 0 && outcome !== 'new') || !isExpectedEnd(result);
    this.count(lied ? 'other' : outcome, `exit code ${result.code}, ${now?.length} bytes: ${result.said}`);
  }
}

/** Runs a case again and again until its time is over, each time in a folder of its own. */
async function repeat(name, share, once) {
  const row = new Row(name);
  const deadline = performance.now() + share * seconds * 1000;
  do {
    const folder = mkdtempSync(join(scratch, 'run-'));
    await once(row, folder);
    rmSync(folder, { recursive: true });
  } while (performance.now() < deadline);
  return row;
}

/** After a killed run: the next one is not held up by what it has left, and clears it away. */
async function checkNext(row, folder, target) {
  const started = performance.now();
  const { code, said } = await start(target, 'next').done;
  const left = claims(folder);
  const took = performance.now() - started;
  if (code !== 0 || left.length > 0 || took > 20_000) {
    row.count('other', `the run after: exit code ${code}, ${left.length} left, ${took} ms: ${said}`);
  }
}

async function killed(name, share, { before, args = [], link = false }) {
  const after = await importedFrom(before, 'g', args);
  return repeat(name, share, async (row, folder) => {
    const file = join(folder, 'k.conf');
    const target = link ? join(folder, 'link.conf') : file;
    if (before !== undefined) writeFileSync(file, before);
    if (link) symlinkSync('k.conf', target);
    const result = await killSometime(start(target, 'g', { args }), folder);
    row.compare(file, before, after, result);
    if (link && !lstatSync(target).isSymbolicLink()) row.count('other', 'the link is gone');
    if (Math.random() < 0.2) await checkNext(row, folder, target);
  });
}

/** Many imports into one file at once; some are killed on the way. */
async function race(name, share, { width, kill, group }) {
  return repeat(name, share, async (row, folder) => {
    const target = join(folder, 'k.conf');
    writeFileSync(target, precious);
    const groups = Array.from({ length: width }, (_, index) => group ?? `g${index}`);
    const runs = groups.map((each) => start(target, each));
    const results = await Promise.all(
      runs.map((run) => (kill && Math.random() < 0.5 ? killSometime(run, folder) : run.done)),
    );
    countLanded(row, readFileSync(target), groups, results);
    if (kill) await checkNext(row, folder, target);
  });
}

/** The file is the precious bytes and whole sections; a section is there if its import says so. */
function countLanded(row, bytes, groups, results) {
  const isKept = bytes.subarray(0, precious.length).equals(precious);
  let rest = bytes.subarray(precious.length).toString();
  const landed = new Set();
  for (const group of new Set(groups)) {
    const at = rest.indexOf(`\n${sectionOf(group)}`);
    if (at < 0) continue;
    landed.add(group);
    rest = rest.slice(0, at) + rest.slice(at + 1 + sectionOf(group).length);
  }
  const winners = new Map();
  results.forEach((result, index) => {
    const { code, said } = result;
    const group = groups[index];
    const isThere = landed.has(group);
    if (code === 0) winners.set(group, (winners.get(group) ?? 0) + 1);
    const lied = (code === 0 && !isThere) || (winners.get(group) ?? 0) > 1;
    const wrong = !isKept || rest !== '' || lied || !isExpectedEnd(result);
    const mine = code === 0 || (code === null && isThere);
    row.count(wrong ? 'other' : mine ? 'new' : 'old', `[${group}] exit code ${code}: ${said}`);
  });
}

function mountTmpfs(folder, options) {
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  if (status !== 0) throw new Error(`mount: ${stderr}`);
  mounts.push(folder);
}

function unmount(folder) {
  const { status, stderr } = spawnSync('umount', [folder]);
  if (status !== 0) throw new Error(`umount: ${stderr}`);
  mounts.splice(mounts.indexOf(folder), 1);
}

/** A file system with little or no room for the new file beside the old one. */
async function full(name, share, { kill }) {
  const after = await importedFrom(precious, 'g');
  return repeat(name, share, async (row, folder) => {
    mountTmpfs(folder, 'size=4m');
    const target = join(folder, 'k.conf');
    writeFileSync(target, precious);
    const room = 4 * 1024 * 1024 - precious.length;
    const filler = Math.max(0, room - Math.floor(Math.random() * 1.1 * after.length));
    writeFileSync(join(folder, 'filler'), Buffer.alloc(Math.min(filler, room - 16_384)));
    const run = start(target, 'g');
    row.compare(target, precious, after, kill ? await killSometime(run, folder) : await run.done);
    unmount(folder);
  });
}

/** What must be refused: the file stays, the exit code is 1, and the reason is told. */
async function refused(name, share, { prepare, uid, reason }) {
  return repeat(name, share, async (row, folder) => {
    const target = join(folder, 'k.conf');
    writeFileSync(target, precious);
    const undo = prepare(folder, target);
    const { code, said } = await start(target, 'g', { uid }).done;
    const isKept = existsSync(target) && readFileSync(target).equals(precious);
    const isRefused = code === 1 && reason.test(said);
    row.count(isKept && isRefused ? 'old' : 'other', `exit code ${code}: ${said}`);
    undo?.();
  });
}

const readOnlySystem = (folder, target) => {
  mountTmpfs(folder, 'size=4m');
  writeFileSync(target, precious);
  spawnSync('mount', ['-o', 'remount,ro', folder]);
  return () => unmount(folder);
};
const readOnlyFolder = (folder, target) => {
  chmodSync(target, 0o666);
  chmodSync(folder, 0o555);
};
const readOnlyFile = (folder, target) => {
  chmodSync(target, 0o444);
  chmodSync(folder, 0o777);
};
async function campaign() {
  const replaced = Buffer.from(`${sectionOf('g').replace('task.size', 'task.old_size')}\n# after\n`);
  const rows = [
    await killed('killed: adding', 0.1, { before: precious }),
    await killed('killed: adding to 8 MB', 0.12, { before: large }),
    await killed('killed: replacing', 0.1, { before: replaced, args: ['--replace'] }),
    await killed('killed: making the file', 0.08, { before: undefined }),
    await killed('killed: behind a link', 0.08, { before: precious, link: true }),
    await race('8 at once', 0.14, { width: 8, kill: false }),
    await race('8 at once, half of them killed', 0.14, { width: 8, kill: true }),
    await race('4 at once, the same group', 0.06, { width: 4, kill: false, group: 'g' }),
  ];
  if (!isRoot) return rows;
  chmodSync(scratch, 0o755);
  rows.push(await full('full file system', 0.08, { kill: false }));
  rows.push(await full('full file system, killed', 0.06, { kill: true }));
  const reason = /cannot write/;
  rows.push(await refused('read-only file system', 0.02, { prepare: readOnlySystem, reason }));
  rows.push(await refused('read-only folder', 0.01, { prepare: readOnlyFolder, uid: NOBODY, reason }));
  rows.push(await refused('read-only file', 0.01, { prepare: readOnlyFile, uid: NOBODY, reason }));
  return rows;
}

function print(rows) {
  const heads = ['case', 'runs', 'old file', 'new file', 'anything else'];
  const cells = rows.map((row) => [row.name, row.runs, row.old, row.new, row.other].map(String));
  const widths = heads.map((head, index) =>
    Math.max(head.length, ...cells.map((each) => each[index].length)),
  );
  const line = (each) => `| ${each.map((cell, index) => cell.padEnd(widths[index])).join(' | ')} |`;
  console.log([line(heads), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n'));
}

process.on('exit', () => {
  for (const folder of mounts) spawnSync('umount', ['-l', folder]);
  rmSync(scratch, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

const rows = await campaign();
print(rows);
if (!isRoot) console.log('left out, for they need root: full and read-only file systems, other users');
process.exitCode = rows.some(({ other }) => other > 0) ? 1 : 0;
