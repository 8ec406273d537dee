// node examples/run.mjs NAME: runs an example in Node, over a recorded guest. Build the packages first.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const [name = 'guest'] = process.argv.slice(2);
const recorded = new URL('../test-fixtures/recorded/debian-12-amd64/', import.meta.url);
const { outputFiles } = await build({
  entryPoints: [new URL(`${name}/example.ts`, import.meta.url).pathname],
  bundle: true,
  platform: 'node',
  format: 'esm',
  write: false,
});
const { run } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
const lines = run({
  dump: new Uint8Array(readFileSync(new URL('guest.elf', recorded))),
  kconf: new Uint8Array(readFileSync(new URL('kernelinfo.conf', recorded))),
  log: readFileSync(new URL('dmesg.log', recorded), 'utf8'),
  folder: fileURLToPath(recorded),
});
for (const line of lines) console.log(line);
