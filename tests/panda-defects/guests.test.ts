import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openGuestBytes } from '@osi-linux/guest';
import { openGuestFile } from '@osi-linux/guest/node';
import { createGroup, findKernelInfoBlock, parseKeyFile, safeParseKernelInfo } from '@osi-linux/kconf';
import { readRecordedGuest, readRecordedGuests } from '@osi-linux/test-fixtures/recorded';
import { afterEach, describe, expect, it, vi } from 'vitest';

const recorded = readRecordedGuest('debian-12-amd64');
const kconf = readFileSync(recorded.kconfFile, 'utf8');
const dump = new Uint8Array(readFileSync(recorded.dumpFile));

const pidsOf = (text: string) =>
  openGuestBytes(dump, { kconf: text })
    .linux.getProcesses()
    .map(({ pid }) => pid);
const section = (...lines: string[]) =>
  createGroup(
    'g',
    1,
    lines.map((text, index) => ({ line: index + 2, text })),
  );

describe('the start of a process', () => {
  const told = readRecordedGuests().filter(({ truth }) => (truth?.tasks?.length ?? 0) > 0);

  it.each(told.map(({ name }) => name))('8: is in nanoseconds, to the last one: %s', (name) => {
    const { dumpFile, kconfFile, truth } = readRecordedGuest(name);
    const guest = openGuestFile(dumpFile, { kconfFile });
    const starts = new Map(guest.linux.getProcesses().map(({ pid, createTime }) => [pid, createTime]));
    const leaders = (truth?.tasks ?? []).filter(({ pid, tgid }) => pid === tgid && pid > 0);
    expect(leaders.length).toBeGreaterThan(10);
    expect(leaders.map(({ pid }) => starts.get(pid))).toEqual(leaders.map(({ startTime }) => startTime));
    guest.dump.close();
  });
});

describe('a profile', () => {
  it('18: means the same with a sublevel above 255', () => {
    const high = kconf.replace(/^version\.c = .*$/m, 'version.c = 337');
    expect(high).not.toBe(kconf);
    expect(pidsOf(high)).toEqual(pidsOf(kconf));
    const linux24 = section('version.a = 2', 'version.b = 4', 'version.c = 300', 'fs.f_dentry_offset = 8');
    expect(safeParseKernelInfo(linux24).generation).toBe('linux24');
  });

  it('26: is found in a log of bytes as in one of text, and its machine is as wide as it is', () => {
    const log = readFileSync(recorded.logFile);
    expect(findKernelInfoBlock(new Uint8Array(log))).toEqual(findKernelInfoBlock(log.toString()));
    const of = (machine: string) =>
      safeParseKernelInfo(section(`name = 5.4.0|#1 SMP|${machine}`, 'task.init_addr = 18446603336539106304'));
    const wrong = (machine: string) =>
      of(machine)
        .issues.filter(({ severity, key }) => severity === 'error' && key === 'task.init_addr')
        .map(({ message }) => message);
    const wide = ['aarch64', 'mips64', 'ppc64'];
    expect(wide.map((machine) => of(machine).machine)).toEqual(wide);
    expect(wide.flatMap(wrong)).toEqual([]);
    expect(wrong('armv7l').join()).toContain('expected an address of 32 bits');
  });

  it('27: is read though other lines of its file are bad', () => {
    const spoiled = `stray text\n[other]\ntask.size\n[bro\nx = 1\n${kconf}\nmore of it\n`;
    expect(() => parseKeyFile(spoiled)).toThrow(expect.objectContaining({ code: 'KEY_FILE_MALFORMED' }));
    expect(pidsOf(spoiled)).toEqual(pidsOf(kconf));
  });
});

describe('the file of profiles', () => {
  const folders: string[] = [];
  afterEach(() => {
    vi.unstubAllGlobals();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  it('28: stays as it is when it lacks the group, and nothing is fetched', () => {
    const folder = mkdtempSync(join(tmpdir(), 'panda-defects-'));
    folders.push(folder);
    const fetch = vi.fn();
    vi.stubGlobal('fetch', fetch);
    const kconfFile = join(folder, 'kernelinfo.conf');
    writeFileSync(kconfFile, kconf);
    const open = () => openGuestFile(recorded.dumpFile, { kconfFile, kconfGroup: 'no:such:64' });
    expect(open).toThrow(expect.objectContaining({ code: 'PROFILE_GROUP_UNKNOWN' }));
    expect(readFileSync(kconfFile, 'utf8')).toBe(kconf);
    expect(readdirSync(folder)).toEqual(['kernelinfo.conf']);
    expect(fetch).not.toHaveBeenCalled();
  });
});
