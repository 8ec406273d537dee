import { copyFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { OsiError } from '@osi-linux/core';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findKeyFile, keyFilePlaces } from './key-file-search';
import { openGuestFile } from './open-guest-file';

const { dumpFile, kconfFile } = readRecordedGuest('debian-12-amd64');
const folder = mkdtempSync(join(tmpdir(), 'osi-linux-search-'));
const before = process.cwd();
const [working, config] = [join(folder, 'working'), join(folder, 'config')];

afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  mkdirSync(working);
  process.chdir(working);
});
afterEach(() => {
  process.chdir(before);
  for (const path of [working, config]) rmSync(path, { recursive: true, force: true });
});

function put(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(kconfFile, path);
  return path;
}

function failure(run: () => unknown): OsiError {
  try {
    run();
  } catch (error) {
    if (OsiError.is(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('the places of kernelinfo.conf', () => {
  it.each([
    [{ XDG_CONFIG_HOME: '/conf', HOME: '/home/me' }, '/conf'],
    [{ XDG_CONFIG_HOME: '', HOME: '/home/me' }, '/home/me/.config'],
    [{}, join(homedir(), '.config')],
  ])('are, with %j, the working directory and %s', (environment, base) => {
    expect(keyFilePlaces(environment)).toEqual(['kernelinfo.conf', `${base}/osi-linux/kernelinfo.conf`]);
  });

  it('are searched in their order', () => {
    const places = [...keyFilePlaces({ XDG_CONFIG_HOME: config }), join(folder, 'shipped.conf')];
    expect(findKeyFile(places)).toBeUndefined();
    const last = put(join(folder, 'shipped.conf'));
    expect(findKeyFile(places)?.path).toBe(last);
    const second = put(join(config, 'osi-linux', 'kernelinfo.conf'));
    expect(findKeyFile(places)?.path).toBe(second);
    put('kernelinfo.conf');
    expect(findKeyFile(places)?.path).toBe('kernelinfo.conf');
    rmSync(last);
  });

  it('are not passed over where one cannot be read', () => {
    mkdirSync('kernelinfo.conf');
    const second = put(join(config, 'osi-linux', 'kernelinfo.conf'));
    expect(failure(() => findKeyFile(['kernelinfo.conf', second])).code).toBe('PROFILE_FILE_UNREADABLE');
  });

  it.runIf(process.platform === 'linux')('are not a device, and not a file that is too large', () => {
    expect(failure(() => findKeyFile(['/dev/zero'])).message).toContain('/dev/zero: it is a device');
    const large = join(folder, 'large.conf');
    writeFileSync(large, '');
    truncateSync(large, 64 * 1024 * 1024 + 1);
    expect(failure(() => findKeyFile([large])).message).toContain('it has more than 64 MiB');
  });

  it('are passed over where their path leads through a file', () => {
    put('a-file');
    expect(findKeyFile([join('a-file', 'kernelinfo.conf')])).toBeUndefined();
  });
});

describe('a guest whose key file is not named', () => {
  it('is opened with the first that is found, and the error names all places', () => {
    const places = keyFilePlaces({ XDG_CONFIG_HOME: config });
    const error = failure(() => openGuestFile(dumpFile, { places }));
    expect([error.code, error.fields?.['places']]).toEqual(['PROFILE_FILE_MISSING', places]);
    const looked = `; looked for:\n  - kernelinfo.conf\n  - ${places[1]}\n`;
    expect(error.message).toContain(`the kernel's offsets are missing: there is no kernelinfo.conf${looked}`);
    expect(error.message).toMatch(/\n {2}- cannot derive a section from the dump: the kernel's symbols/);
    put(places[1] ?? '');
    expect(openGuestFile(dumpFile, { places }).profile.group).toBe('debian-12-amd64');
  });
});

describe('a guest whose key file is named', () => {
  it.each([{ kconfFile: 'other.conf' }, { plugin: 'osi_linux:kconf_file=other.conf' }])(
    'by %j is opened with that file or not at all',
    (options) => {
      put('kernelinfo.conf');
      const error = failure(() => openGuestFile(dumpFile, options));
      expect(error.message).toBe("the kernel's offsets are missing: there is no other.conf");
      put('other.conf');
      expect(openGuestFile(dumpFile, options).profile.group).toBe('debian-12-amd64');
    },
  );

  it('with an unknown group by plugin arguments is answered with the groups that there are', () => {
    const plugin = `osi_linux:kconf_file=${kconfFile},kconf_group=debian-12-amd46`;
    const error = failure(() => openGuestFile(dumpFile, { plugin }));
    expect(error.code).toBe('PROFILE_GROUP_UNKNOWN');
    expect(error.hint).toBe('groups of the file, nearest name first: [debian-12-amd64]');
  });
});
