import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createGroup,
  findKernelInfoBlock,
  formatSection,
  insertGroup,
  parseKernelInfo,
  safeParseKernelInfo,
  safeParseKeyFile,
} from '@osi-linux/kconf';
import { describe, expect, it } from 'vitest';
import { buildGlibProgram } from './glib-program';
import { createRandom } from './key-file-generator';

const loader = buildGlibProgram('panda-loader.c');
const recorded = new URL('../recorded/', import.meta.url).pathname;
const logOf = (guest: string): string => join(recorded, guest, 'dmesg.log');
/** The first release whose kernel has all that PANDA knows of: 5.10, before the maple tree. */
const BULLSEYE = logOf('debian-11-amd64');
const pandaFile =
  process.env['OSI_LINUX_PANDA_CONF'] ??
  new URL('../../../shared/data/panda-kernelinfo.conf', import.meta.url).pathname;

/**
 * The verdict of the loader on a group: nothing if it accepts it, else the keys that it misses or refuses.
 */
function load(conf: string | Uint8Array, group: string): string[] {
  const path = join(loader.folder, 'kernelinfo.conf');
  writeFileSync(path, conf);
  const { output, exitCode } = loader.run(path, group);
  const said = output.trim().split('\n');
  expect(exitCode).toBe(said[0] === 'accepted' ? 0 : 1);
  return said[0] === 'accepted' ? [] : said.map((line) => line.split(':')[0] ?? '').sort();
}

/** The same of the strict mode. */
function strict(conf: string | Uint8Array, group: string): string[] {
  const found = safeParseKeyFile(conf).file.groups.find(({ name }) => name === group);
  if (found === undefined) return ['rejected'];
  const { issues } = safeParseKernelInfo(found, { mode: 'strict' });
  return issues
    .filter(({ severity }) => severity !== 'warning')
    .map(({ severity, key }) => `${severity === 'error' ? 'refused' : 'missing'} ${key}`)
    .sort();
}

/** The output of `kconf-import` for a log. */
function imported(log: string, name: string): Uint8Array {
  const { lines, beginLine } = findKernelInfoBlock(readFileSync(log, 'utf8'));
  parseKernelInfo(createGroup(name, beginLine, lines));
  return insertGroup(new Uint8Array(), { name, lines: lines.map(({ text }) => text) });
}

describe("a loader with PANDA's keys", () => {
  const there = existsSync(BULLSEYE);
  it.skipIf(!there)(
    `accepts the section of a Debian 11 guest${there ? '' : ' (not recorded: test-fixtures/recorded/debian-11-amd64)'}`,
    () => {
      expect(load(imported(BULLSEYE, 'bullseye'), 'bullseye')).toEqual([]);
    },
  );

  it('accepts the section of a Debian 12 guest, whose mappings have no list any more', () => {
    expect(load(imported(logOf('debian-12-amd64'), 'bookworm'), 'bookworm')).toEqual([]);
  });

  it("refuses PANDA 1's sections, for the keys that the strict mode names", () => {
    const log = new URL('../logs/panda1-complete.log', import.meta.url).pathname;
    const conf = imported(log, 'g');
    expect(load(conf, 'g').length).toBeGreaterThan(15);
    expect(load(conf, 'g')).toEqual(strict(conf, 'g'));
  });

  it('agrees with the strict mode on damaged sections', () => {
    const { lines } = findKernelInfoBlock(readFileSync(logOf('debian-12-amd64'), 'utf8'));
    const random = createRandom(20261122);
    const values = ['', '0x10', '-1', '5 x', '5x', '99999999999', '\\q', 'None', '2', '4'];
    let refused = 0;
    for (let round = 0; round < 300; round += 1) {
      const damaged = lines.flatMap(({ text }) => {
        const dice = random(60);
        if (dice === 0) return [];
        return dice === 1 ? [text.replace(/= .*/, `= ${values[random(values.length)]}`)] : [text];
      });
      const conf = formatSection('g', damaged);
      const said = load(conf, 'g');
      expect(strict(conf, 'g'), conf).toEqual(said);
      refused += said.length > 0 ? 1 : 0;
    }
    expect(refused).toBeGreaterThan(100);
    expect(refused).toBeLessThan(300);
  });

  it.skipIf(!existsSync(pandaFile))("agrees with the strict mode on PANDA's own file (where it is)", () => {
    const conf = readFileSync(pandaFile);
    const names = safeParseKeyFile(conf).file.groups.map(({ name }) => name);
    expect(names).toHaveLength(22);
    for (const name of names) expect(strict(conf, name), name).toEqual(load(conf, name));
    expect(names.filter((name) => load(conf, name).length === 0)).toHaveLength(20);
  });
});
