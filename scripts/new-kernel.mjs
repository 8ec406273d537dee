// pnpm new:kernel LOG DUMP NAME [--truth FILE]: makes a recorded guest of a kernel log and a dump of the same boot,
// tests it, and writes the support matrix anew. docs/adding-a-kernel.md tells where the two come from.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { install, pnpmCommand, root, tryRun } from './workspace.mjs';

const USAGE = `usage: pnpm new:kernel LOG DUMP NAME [--truth FILE]
  LOG     the kernel log with the rows of kernelinfo.ko
  DUMP    a dump of the same boot, with registers
  NAME    the name of the guest, such as debian-12-686: small letters, digits, dots, hyphens
  --truth what the guest said of itself: truth or truth.json of the guest builder`;

/** Paths are as the caller means them, also where pnpm has changed the folder. */
const from = process.env.INIT_CWD ?? process.cwd();
const { log, dump, name, truth } = readArguments(process.argv.slice(2));
const target = join(root, 'test-fixtures', 'recorded', name);
if (existsSync(target))
  giveUp(`there is a recorded guest ${name} already; remove ${target} to make it anew`, 1);
for (const file of [log, dump, truth ?? log]) if (!existsSync(file)) giveUp(`there is no ${file}`, 1);

const folder = mkdtempSync(join(tmpdir(), 'osi-linux-new-kernel-'));
const conf = join(folder, 'kernelinfo.conf');
let status = 1;
try {
  status = makeGuest();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (status !== 0) giveUp(`${name} was not added`, status);
console.log(`\n${name} is recorded, tested, and in docs/support-matrix.md. Commit both:
  git add test-fixtures/recorded/${name} docs/support-matrix.md`);

function makeGuest() {
  install();
  const tests = ['tools/cli/src/osi-linux/program.test.ts', 'test-fixtures/src/recorded'];
  const asked = truth === undefined ? [] : ['--truth', truth];
  const steps = [
    pnpmCommand('run', 'build'),
    ['node', ['tools/cli/dist/kconf-import.js', log, '--group', name, '--output', conf]],
    pnpmCommand('run', 'record:guest', '--dump', dump, '--log', log, ...asked, conf, target),
    // These tests look through all recorded guests by themselves: the name only keeps it short.
    pnpmCommand('exec', 'vitest', 'run', ...tests, '-t', `guest '?${name.replaceAll('.', '\\.')}'?[, ]`),
    pnpmCommand('exec', 'vitest', 'run', 'tools/checks/src/support-matrix.test.ts', '-u'),
  ];
  for (const [command, args] of steps) {
    const failed = tryRun(command, args);
    if (failed !== 0) {
      rmSync(target, { recursive: true, force: true });
      return failed;
    }
  }
  return 0;
}

function readArguments(args) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { truth: { type: 'string' } },
    });
    const [log, dump, name] = positionals;
    if (positionals.length !== 3 || !/^[a-z0-9][a-z0-9.-]*$/.test(name)) giveUp(USAGE, 2);
    const truth = values.truth === undefined ? undefined : resolve(from, values.truth);
    return { log: resolve(from, log), dump: resolve(from, dump), name, truth };
  } catch (error) {
    return giveUp(`${error.message}\n${USAGE}`, 2);
  }
}

function giveUp(message, code) {
  console.error(`new:kernel: ${message}`);
  process.exit(code);
}
