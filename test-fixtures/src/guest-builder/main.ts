// pnpm build:guest FOLDER [key=value ...]: builds a guest for a developer (Debian, root).
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { buildGuest, type GuestSpec } from './guest';

const DEFAULTS: GuestSpec = {
  suite: 'bookworm',
  arch: 'amd64',
  kernelPackage: 'linux-image-amd64',
  cpus: 2,
  memoryMiB: 256,
  kaslr: true,
  state: 'spinning',
};

function parseSetting(setting: string): [string, unknown] {
  const [key = '', ...rest] = setting.split('=');
  const text = rest.join('=');
  if (text === 'true' || text === 'false') return [key, text === 'true'];
  return [key, /^\d+$/.test(text) ? Number(text) : text];
}

const [folder, ...settings] = process.argv.slice(2);
if (folder === undefined || settings.some((setting) => !/^\w+=/.test(setting))) {
  console.error('usage: pnpm build:guest FOLDER [key=value ...], such as state=idle cpus=1 kaslr=false');
  process.exitCode = 2;
} else if (existsSync(folder)) {
  console.error(`build:guest: ${folder} exists already; remove it first`);
  process.exitCode = 1;
} else {
  const spec = { ...DEFAULTS, ...Object.fromEntries(settings.map(parseSetting)) };
  console.log(await buildGuest(spec, { folder: resolve(folder) }));
}
