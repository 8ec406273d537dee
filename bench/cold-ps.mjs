// pnpm bench [DUMP [KCONF_FILE]]: a cold `osi-linux ps`, as ratios to `node -e 0`, round by round. Build first.
// KCONF_FILE has the section of the dump's boot. With a DUMP, it is listed without a section as well: with a key file that is
// empty, and with none named, so that the one that comes with the commands is tried first.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROUNDS = 21;
const OTHER_GROUPS = 99;
const recorded = new URL('../test-fixtures/recorded/debian-12-amd64/', import.meta.url);
const path = (name, base) => fileURLToPath(new URL(name, base));
const [givenDump, givenConf] = process.argv.slice(2).map((name) => resolve(name));
const dump = givenDump ?? path('guest.elf', recorded);
const conf = givenConf ?? (givenDump === undefined ? path('kernelinfo.conf', recorded) : undefined);
const program = path('../tools/cli/dist/osi-linux.js', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'cold-ps-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

/** A file of its own in the working directory, which is nobody's. */
function put(name, text) {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

/** The section, behind those of kernels with other names. */
function behindOthers(text) {
  const keys = text.slice(text.indexOf('\n') + 1).replace(/^name *=.*$/m, 'name = 5.0.0|#1 SMP|x86_64');
  return `${Array.from({ length: OTHER_GROUPS }, (_, index) => `[other-${index}]\n${keys}`).join('\n')}\n${text}`;
}

const cases = [['node -e 0', ['-e', '0']]];
const addCase = (title, ...options) => cases.push([title, [program, 'ps', dump, '--json', ...options]]);
if (conf !== undefined) {
  addCase('a section of this boot', '--kconf-file', conf);
  const many = put('many.conf', behindOthers(readFileSync(conf, 'utf8')));
  addCase(`that behind ${OTHER_GROUPS} others`, '--kconf-file', many);
}
if (givenDump !== undefined) {
  addCase('an empty key file', '--kconf-file', put('none.conf', ''));
  addCase('no key file named');
}

function time(args) {
  const start = process.hrtime.bigint();
  const { status } = spawnSync('node', args, {
    stdio: 'ignore',
    cwd: folder,
    env: { ...process.env, XDG_CONFIG_HOME: folder },
  });
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  // 1: a few pages of a guest are always swapped out.
  if (status !== 0 && status !== 1) throw new Error(`node ${args.join(' ')} exited with ${status}`);
  return ms;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

for (const [, args] of cases) time(args);
const rounds = Array.from({ length: ROUNDS }, () => cases.map(([, args]) => time(args)));
const show = (value) => value.toFixed(2).padStart(7);
console.log(`node ${process.version}, ${ROUNDS} rounds, ${dump}`);
console.log(`${''.padEnd(24)}  median ms  ratio to node -e 0: median, from, to`);
for (const [index, [title]] of cases.entries()) {
  const ratios = rounds.map((times) => times[index] / times[0]);
  const row = [median(rounds.map((times) => times[index])), median(ratios), ...extremes(ratios)];
  console.log(`${title.padEnd(24)}  ${row.map(show).join('  ')}`);
}

function extremes(values) {
  return [Math.min(...values), Math.max(...values)];
}
