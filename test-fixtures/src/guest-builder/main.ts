// pnpm build:guest FOLDER [NAME] [key=value ...]: builds a guest for a developer (Debian, root).
// NAME is a guest of the table; settings change it.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { buildGuest, type GuestSpec } from './guest';
import { chooseGuests, guestSpec } from './guest-table';

function tableGuest(name: string): GuestSpec {
  const [guest] = chooseGuests(name);
  if (guest === undefined) throw new Error(`no guest ${name}`);
  return guestSpec(guest);
}

function parseSetting(setting: string): [string, unknown] {
  const [key = '', ...rest] = setting.split('=');
  const text = rest.join('=');
  if (key === 'dumps') return [key, text.split(',')];
  if (text === 'true' || text === 'false') return [key, text === 'true'];
  return [key, /^\d+$/.test(text) ? Number(text) : text];
}

const [folder, ...words] = process.argv.slice(2);
const named = words[0] !== undefined && !words[0].includes('=');
const settings = words.slice(named ? 1 : 0);
if (folder === undefined || settings.some((setting) => !/^\w+=/.test(setting))) {
  console.error(
    'usage: pnpm build:guest FOLDER [NAME] [key=value ...], such as debian-13-amd64 state=idle cpus=1',
  );
  process.exitCode = 2;
} else if (existsSync(folder)) {
  console.error(`build:guest: ${folder} exists already; remove it first`);
  process.exitCode = 1;
} else {
  const { name, ...rest } = tableGuest(named ? String(words[0]) : 'debian-12-amd64');
  const base = settings.length === 0 && name !== undefined ? { name, ...rest } : rest;
  const spec = { ...base, ...Object.fromEntries(settings.map(parseSetting)) };
  console.log(await buildGuest(spec, { folder: resolve(folder) }));
}
