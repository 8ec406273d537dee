// Holds the npm package ini and our own reader against GLib, and prints the tables of the decision record.
// Needs gcc, pkg-config and libglib2.0-dev. Run: node docs/decisions/own-key-file-reader/compare.mjs [FILES] [SEED]
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = new URL('../../../', import.meta.url);
const ini = createRequire(new URL('tools/cli/package.json', root))('ini');
const { buildSync } = createRequire(new URL('package.json', root))('esbuild');

/** The TypeScript sources of the workspace, bundled so that plain Node can load them. */
async function load() {
  const folder = mkdtempSync(join(tmpdir(), 'compare-'));
  const outfile = join(folder, 'sources.mjs');
  buildSync({
    stdin: {
      contents: `export * from './packages/kconf/src/index';
        export { createKeyFileGenerator } from './test-fixtures/glib/key-file-generator';
        export { buildKeyFileOracle } from './test-fixtures/glib/key-file-oracle';`,
      resolveDir: root.pathname,
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@osi-linux/source'],
    define: {
      'import.meta.url': JSON.stringify(new URL('test-fixtures/glib/key-file-oracle.ts', root).href),
    },
    outfile,
  });
  const sources = await import(pathToFileURL(outfile).href);
  rmSync(folder, { recursive: true });
  return sources;
}

const { safeParseKeyFile, createKeyFileGenerator, buildKeyFileOracle } = await load();
const oracle = buildKeyFileOracle();
const REJECTED = 'rejected';

function byGlib({ groups, error }) {
  if (error !== undefined) return REJECTED;
  const text = (hex) => new TextDecoder().decode(Buffer.from(hex, 'hex'));
  return groups.map(({ name, entries }) => [
    text(name),
    entries.map(([key, value]) => [text(key), text(value)]),
  ]);
}

function byOurs(bytes) {
  const { file, issues } = safeParseKeyFile(bytes);
  if (issues.some(({ severity }) => severity === 'error')) return REJECTED;
  return file.groups.map(({ name, entries }) => [name, entries.map(({ key, value }) => [key, value])]);
}

/** ini has no groups beside objects: an object at the top is a group, all else is a key. */
function byIni(bytes) {
  const parsed = ini.parse(new TextDecoder().decode(bytes));
  return Object.entries(parsed).map(([name, group]) => [
    name,
    group !== null && typeof group === 'object' ? Object.entries(group) : [['', group]],
  ]);
}

const show = (value) => (value === REJECTED ? REJECTED : JSON.stringify(value)).replaceAll('|', '\\|');
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

const CASES = [
  ['a name that starts with #', '[g]\nname = #1 SMP Debian 3.2.51-1 i686\n'],
  ['a name with a # inside', '[g]\nname = 4.4.0-98-generic|#121-Ubuntu SMP|i686\n'],
  ['a group with dots', '[debian-3.2.63-i686]\nk = 1\n'],
  ['a group with colons and dots', '[ubuntu:4.4.0-98-generic:32]\nk = 1\n'],
  ['two groups, one key', '[a.b]\nx = 1\n[a]\nb = 2\n'],
  ['64 bits', '[g]\nk = 18446744071849473856\n'],
  ['words', '[g]\nk = true\n'],
  ['quotes', '[g]\nk = "x"\n'],
  ['trailing blanks', '[g]\nk = v \n'],
  ['a semicolon in a value', '[g]\nk = a;b\n'],
  ['a semicolon line', '[g]\n; note\nk = 1\n'],
  ['no equals sign', '[g]\nk\n'],
  ['a list key', '[g]\nk[] = 1\nk[] = 2\n'],
  ['a key before any group', 'k = 1\n[g]\n'],
  ['a plain file', '[g]\ntask.size = 1060\n'],
];

function printCases() {
  console.log('| case | GLib | ini | our reader |\n|---|---|---|---|');
  const files = CASES.map(([, text]) => new TextEncoder().encode(text));
  oracle(files).forEach((answer, index) => {
    const glib = byGlib(answer);
    const [theirs, ours] = [byIni(files[index]), byOurs(files[index])];
    const cells = [
      CASES[index][0],
      show(glib),
      same(glib, theirs) ? 'same' : show(theirs),
      same(glib, ours) ? 'same' : show(ours),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  });
}

function printFuzz(count, seed) {
  const next = createKeyFileGenerator(seed);
  const files = Array.from({ length: count }, next);
  const glib = oracle(files).map(byGlib);
  const equal = (read) => files.filter((bytes, index) => same(glib[index], read(bytes))).length;
  const percent = (number) => `${number} of ${count} (${((100 * number) / count).toFixed(1)} %)`;
  console.log(
    `\n${count} generated files, seed ${seed}; GLib rejects ${glib.filter((each) => each === REJECTED).length}.`,
  );
  console.log(`Read as GLib reads them: ini ${percent(equal(byIni))}, our reader ${percent(equal(byOurs))}.`);
  const accepted = glib.flatMap((each, index) => (each === REJECTED ? [] : [index]));
  const kept = (read) => accepted.filter((index) => same(glib[index], read(files[index]))).length;
  console.log(`Of the ${accepted.length} that GLib accepts: ini ${kept(byIni)}, our reader ${kept(byOurs)}.`);
}

function printWriting() {
  const group = 'ubuntu:4.4.0-98-generic:32';
  const written = ini.stringify({ [group]: { name: '#1 SMP' } }, { whitespace: true });
  const [answer] = oracle([new TextEncoder().encode(written)]);
  console.log(`\nini.stringify writes ${JSON.stringify(written)}; GLib reads ${show(byGlib(answer))}.`);
}

function printSpeed() {
  const section = (number) =>
    `[group-${number}.x:64]\n${Array.from({ length: 60 }, (_, key) => `task.key${key}_offset = ${key * 8}\n`).join('')}\n`;
  const text = Array.from({ length: 500 }, (_, number) => section(number)).join('');
  const bytes = new TextEncoder().encode(text);
  const best = (run) => {
    const times = Array.from({ length: 7 }, () => {
      const started = performance.now();
      run();
      return performance.now() - started;
    });
    return Math.min(...times).toFixed(0);
  };
  console.log(
    `\n${(bytes.length / 1e6).toFixed(2)} MB, 500 groups, best of 7: ini ${best(() => ini.parse(text))} ms, our reader ${best(() => safeParseKeyFile(bytes))} ms.`,
  );
}

printCases();
printFuzz(Number(process.argv[2] ?? 10_000), Number(process.argv[3] ?? 20261122));
printWriting();
printSpeed();
