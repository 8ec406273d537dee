import { readFileSync } from 'node:fs';
import { formatSubject, OsiError, type PhysicalMemory } from '@osi-linux/core';
import { safeParseKeyFile } from '@osi-linux/kconf';
import { type BlobLike, BytesSink, BytesSource, type Dump, openDump } from '@osi-linux/memory';
import { codeOf } from '@osi-linux/test-fixtures/expect';
import { readRecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { describe, expect, it } from 'vitest';
import { exportDump } from './export/export-dump';
import { openGuest, openGuestBlob, openGuestBytes } from './guest';
import { identifyGuest } from './identity';
import { openGuestFile } from './node/open-guest-file';

const recorded = readRecordedGuest('debian-12-amd64');
const conf = readFileSync(recorded.kconfFile, 'utf8');
const dump = openDump(new BytesSource(new Uint8Array(readFileSync(recorded.dumpFile))));

function open(text: string, changed: Partial<Dump> = {}, kconfGroup?: string) {
  return openGuest({ ...dump, ...changed }, { keyFile: safeParseKeyFile(text).file, kconfGroup });
}

/** The dump with some pages taken out of it. */
function without(missing: (frame: number) => boolean): PhysicalMemory {
  const { memory } = dump;
  return {
    ranges: memory.ranges,
    page: (frame) => (missing(frame) ? undefined : memory.page(frame)),
    hole: (address) => new OsiError('PHYSICAL_HOLE', `no frame ${address}`),
    scan: (address, into) =>
      missing(Math.floor(address / 4096)) ? 0 : memory.scan(address, into.subarray(0, 4096)),
  };
}

function hintOf(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    if (OsiError.is(error)) return error.hint;
  }
  return undefined;
}

const pidsOf = (guest: ReturnType<typeof open>) => guest.linux.getProcesses().map(({ pid }) => pid);

describe('the kernel root', () => {
  it('comes from the profile where the dump has no registers', () => {
    expect(open(conf, { cpus: [] }).profile.root.evidence).toBe('kernel.swapper_pg_dir_addr of the profile');
  });

  it('comes from a processor where the profile has none, as PANDA writes it', () => {
    const panda = conf.replaceAll(/^kernel\..*\n/gm, '');
    const guest = open(panda);
    expect(guest.profile.root.evidence).toMatch(/^CR3 of cpu \d/);
    expect(pidsOf(guest)).toEqual(pidsOf(open(conf)));
  });

  it('is searched for in memory where neither has one', () => {
    const panda = conf.replaceAll(/^kernel\..*\n/gm, '');
    const guest = open(panda, { cpus: [] }, 'debian-12-amd64');
    expect(guest.profile.root.evidence).toMatch(/^page tables in memory/);
    expect(pidsOf(guest)).toEqual(pidsOf(open(conf)));
  });

  it('is missed where memory has none either', () => {
    const panda = conf.replaceAll(/^kernel\..*\n/gm, '');
    const bare = { cpus: [], memory: { ...without(() => true), ranges: [] } };
    expect(codeOf(() => open(panda, bare, 'debian-12-amd64'))).toBe('PROFILE_MISMATCH');
    expect(codeOf(() => open(panda, bare))).toBe('PROFILE_NONE_FITS');
    expect(() => open(panda, bare)).toThrow(/no kernel was found in memory/);
  });

  it('comes from the VMCOREINFO note', () => {
    const address = BigInt(/^kernel\.swapper_pg_dir_addr = (\d+)$/m.exec(conf)?.[1] ?? 0);
    const physBase = /^kernel\.phys_base = (-?\d+)$/m.exec(conf)?.[1];
    const vmcoreinfo = `OSRELEASE=6.1\nSYMBOL(swapper_pg_dir)=${address.toString(16)}\nNUMBER(phys_base)=${physBase}\n`;
    const guest = open(conf.replaceAll(/^kernel\..*\n/gm, ''), { cpus: [], vmcoreinfo });
    expect(guest.profile.root.evidence).toBe('SYMBOL(swapper_pg_dir) of VMCOREINFO of the dump');
  });
});

describe('the choice of a profile', () => {
  it('takes the group that fits, of several the richest', () => {
    const panda = conf.replaceAll(/^(kernel|uts)\..*\n/gm, '').replace('[debian-12-amd64]', '[panda]');
    const slid = conf.replaceAll(
      /(_addr = )(\d{19,})/g,
      (_, key, value) => `${key}${BigInt(value) + 0x1000000n}`,
    );
    const other = slid.replace('[debian-12-amd64]', '[slid]');
    expect(open(`${other}\n${panda}\n${conf}`).profile.group).toBe('debian-12-amd64');
    expect(open(`${other}\n${panda}`).profile.group).toBe('panda');
  });

  it('moves a section of another boot to where KASLR put the kernel, and reads what a boot decides anew', () => {
    const plain = conf.replaceAll(/^#.*\n/gm, '');
    const other = plain
      .replaceAll(/(_addr = )(18446744\d{12})$/gm, (_, key, value) => `${key}${BigInt(value) - 0x2a00000n}`)
      .replace(/^(task\.per_cpu_offset_0_addr = ).*$/m, '$118446612682315399168')
      .replace(/^(kernel\.page_offset_addr = ).*$/m, '$118446612682070032384')
      .replace(/^(kernel\.phys_base = ).*$/m, '$10');
    expect(other).not.toBe(plain);
    const [slid, own] = [open(other), open(plain)];
    expect(slid.profile.findings[0]).toMatchObject({ what: 'slide', value: 0x2a00000n });
    expect(slid.profile.kernel.info).toEqual(own.profile.kernel.info);
    expect(slid.profile.root.root).toBe(own.profile.root.root);
    expect(slid.linux.getProcesses()).toEqual(own.linux.getProcesses());
    const renamed = plain.replace('[debian-12-amd64]', '[own]');
    expect(open(`${other}\n${renamed}`).profile.group).toBe('own');
  });

  it("gives a section of the kernel's files what a boot decides, with KASLR and without", () => {
    const plain = conf.replaceAll(/^#.*\n/gm, '');
    const own = open(plain);
    const file = plain
      .replaceAll(/^kernel\.(?:page_offset_addr|phys_base|pgtable_levels) = .*\n/gm, '')
      .replace(/^(task\.per_cpu_offset_0_addr = ).*$/m, '$10');
    const moved = file.replaceAll(
      /(_addr = )(18446744\d{12})$/gm,
      (_, key, value) => `${key}${BigInt(value) - 0x2a00000n}`,
    );
    for (const text of [file, moved]) {
      for (const changed of [{}, { cpus: [] }]) {
        const guest = open(text, changed, 'debian-12-amd64');
        expect(guest.profile.kernel.info).toEqual(own.profile.kernel.info);
        expect(guest.profile.root.root).toBe(own.profile.root.root);
        expect(guest.linux.getProcesses()).toEqual(own.linux.getProcesses());
      }
    }
  });

  it('checks the name of a PANDA section against the banner', () => {
    const panda = conf.replaceAll(/^uts\..*\n/gm, '');
    expect(open(panda).profile.findings.map(({ what }) => what)).toContain('kernel');
    expect(codeOf(() => open(panda.replace('Debian 6.1', 'Debian 6.0'), {}, 'debian-12-amd64'))).toBe(
      'PROFILE_MISMATCH',
    );
  });

  it.each([
    ['task.comm_offset', /has the name/],
    ['task.pid_offset', /has pid/],
    ['task.tasks_offset', /is not a list/],
    ['task.tgid_offset', /has pid/],
    ['uts.name_offset', /, but the kernel is "/],
  ])('refuses a wrong %s', (key, expected) => {
    const wrong = conf.replace(
      new RegExp(`^${key} = (\\d+)$`, 'm'),
      (_, value) => `${key} = ${Number(value) + 8}`,
    );
    expect(codeOf(() => open(wrong, {}, 'debian-12-amd64'))).toBe('PROFILE_MISMATCH');
    expect(() => open(wrong, {}, 'debian-12-amd64')).toThrow(expected);
  });

  it('says so where there is no key file', () => {
    expect(codeOf(() => openGuest(dump, {}))).toBe('PROFILE_FILE_MISSING');
    expect(codeOf(() => openGuestFile(recorded.dumpFile, { kconfFile: '/nowhere/k.conf' }))).toBe(
      'PROFILE_FILE_MISSING',
    );
    expect(codeOf(() => openGuestFile(recorded.dumpFile, { kconfFile: '/' }))).toBe(
      'PROFILE_FILE_UNREADABLE',
    );
  });
});

describe('a guest in bytes or in a file of a browser', () => {
  const bytes = new Uint8Array(readFileSync(recorded.dumpFile));
  const pids = pidsOf(open(conf));
  const blob = (part: Uint8Array): BlobLike & { readonly part: Uint8Array } => ({
    ...{ name: 'dump.elf', size: part.length, part },
    slice: (start, end) => blob(part.subarray(start, end)),
  });
  const reads: number[] = [];
  const reader = {
    readAsArrayBuffer: (read: BlobLike) => {
      reads.push(read.size);
      return (read as ReturnType<typeof blob>).part.slice().buffer;
    },
  };

  it('is opened by a key file, and reads parts of the file only', () => {
    expect(pidsOf(openGuestBytes(bytes, { kconf: conf }))).toEqual(pids);
    expect(pidsOf(openGuestBlob(blob(bytes), { kconf: conf, reader }))).toEqual(pids);
    expect(Math.max(...reads)).toBeLessThan(bytes.length);
  });

  it('needs no key file where the dump has its section in it', () => {
    const sink = new BytesSink();
    exportDump(dump, { keyFile: safeParseKeyFile(conf).file }, sink, { format: 'elf' });
    expect(pidsOf(openGuestBytes(sink.bytes))).toEqual(pids);
    expect(pidsOf(openGuestBlob(blob(sink.bytes), { reader }))).toEqual(pids);
    expect(pidsOf(openGuest(openDump(new BytesSource(sink.bytes))))).toEqual(pids);
  });

  it('is refused without one, and outside of a worker', () => {
    expect(codeOf(() => openGuestBytes(bytes))).toBe('PROFILE_FILE_MISSING');
    expect(codeOf(() => openGuest(dump))).toBe('PROFILE_FILE_MISSING');
    expect(codeOf(() => openGuestBlob(blob(bytes), { kconf: conf }))).toBe('SOURCE_NEEDS_WORKER');
  });

  it('closes its dump at the end of a block', () => {
    const source = new BytesSource(bytes);
    const closed: string[] = [];
    const counted = { ...openDump(source), close: () => void closed.push('dump') };
    const guest = openGuest(counted, { keyFile: safeParseKeyFile(conf).file });
    guest[Symbol.dispose]();
    expect(closed).toEqual(['dump']);
  });
});

describe('a wrong argument', () => {
  const { osi, linux } = open(conf);
  const wrong: readonly unknown[] = [211, '211', [211], { pid: 211 }, { pids: 211 }, { pids: ['211'] }, true];

  it.each(wrong)('for a selection, %j, gives no row and shows the right form', (value) => {
    const calls = [
      () => linux.getMappings(value as never),
      () => linux.getFiles(value as never),
      () => linux.getSockets(value as never),
      () => linux.getEnvironments(value as never),
      () => linux.getThreads(value as never),
      () => linux.getProcesses(value as never),
    ];
    for (const call of calls) {
      expect(codeOf(call)).toBe('PROCESS_ARGUMENT_INVALID');
      expect(hintOf(call)).toMatch(/pids: \[211\]/);
    }
    if (typeof value !== 'number')
      expect(codeOf(() => linux.getMounts(value as never))).toBe('PROCESS_ARGUMENT_INVALID');
  });

  it.each(wrong)('for a process, %j, is refused by every call', (value) => {
    const handle = value as never;
    const calls = [
      ...[() => osi.getMappings(handle), () => osi.getProcess(handle), () => osi.getProcMem(handle)],
      ...[() => osi.getFileMappings(handle), () => osi.getMappingByAddr(handle, 0n)],
      ...[
        () => osi.inSharedObject(handle),
        () => linux.getProcess(handle),
        () => linux.getProcessPid(handle),
      ],
      ...[() => linux.fdToFilename(handle, 3), () => linux.fdToPos(handle, 3)],
      ...[() => linux.extGetFileStructPtr(handle, 3)],
    ];
    for (const call of calls) {
      expect(codeOf(call)).toBe('PROCESS_ARGUMENT_INVALID');
      expect(hintOf(call)).toMatch(/getProcesses\(\)\.find/);
    }
  });

  it('is not what a process or a selection is', () => {
    const init = linux.getProcesses({ pids: [1] })[0];
    if (init === undefined) throw new Error('no pid 1');
    const calls: readonly ((
      selector: typeof init | { pids: number[] },
    ) => readonly { pid: number | null }[])[] = [
      (selector) => linux.getMappings(selector),
      (selector) => linux.getFiles(selector),
      (selector) => linux.getEnvironments(selector),
      (selector) => linux.getThreads(selector),
    ];
    for (const call of calls) {
      const listing = call(init);
      expect(listing.length).toBeGreaterThan(0);
      expect(new Set(listing.map(({ pid }) => pid))).toEqual(new Set([1]));
      expect([...call({ pids: [1] })]).toEqual([...listing]);
    }
    expect([...linux.getMounts(init)]).toEqual([...linux.getMounts(1)]);
    expect([...linux.getFiles({ ...init, createTime: 5n })]).toEqual([]);
    expect(osi.getMappings(undefined)).toHaveLength(0);
  });

  it('does not keep rows from becoming JSON', () => {
    const [, init] = JSON.parse(JSON.stringify(linux.getProcesses()));
    expect(init).toMatchObject({
      pid: 1,
      name: 'init',
      taskd: expect.stringMatching(/^0xffff[0-9a-f]{12}$/),
    });
  });
});

describe('a damaged dump', () => {
  const whole = open(conf);
  const frameOf = (address: bigint) => Math.floor((whole.memory.translate(address) ?? 0) / 4096);
  const pids = pidsOf(whole);

  it('without init_task is walked from pid 1', () => {
    const init = BigInt(/^task\.init_addr = (\d+)$/m.exec(conf)?.[1] ?? 0);
    const gone = new Set([0n, 0x1000n, 0x2000n].map((offset) => frameOf(init + offset)));
    const guest = open(conf, { memory: without((frame) => gone.has(frame)) });
    expect(pidsOf(guest)).toEqual(pids.filter((pid) => pid !== 0));
    expect(guest.linux.getProcesses().skipped.map(({ subject }) => formatSubject(subject))[0]).toMatch(
      /^init_task 0x/,
    );
  });

  it('without the tables of the direct map is read past them', () => {
    const walk = whole.memory.walk(whole.linux.getProcesses()[1]?.taskd ?? 0n);
    const tables = new Set(walk.entries.slice(1).map(({ entryAddress }) => Math.floor(entryAddress / 4096)));
    const guest = open(conf, { memory: without((frame) => tables.has(frame)) });
    expect(pidsOf(guest)).toEqual(pids);
  });

  it('gives every row but the missing one', () => {
    const victim = whole.linux.getProcesses()[40];
    const gone = frameOf((victim?.taskd ?? 0n) + 0x890n);
    const rows = open(conf, { memory: without((frame) => frame === gone) }).linux.getProcesses();
    expect(rows.skipped.length).toBeGreaterThan(0);
    expect(rows.map(({ pid }) => pid)).toEqual(pids.filter((pid) => rows.some((row) => row.pid === pid)));
    expect(pids.length - rows.length).toBeLessThanOrEqual(2);
  });

  it('never throws anything but an OsiError, and invents no row, whatever pages are gone', () => {
    const known = new Set(whole.linux.getProcesses().map(({ taskd }) => taskd));
    for (let seed = 1; seed <= 60; seed += 1) {
      const memory = without((frame) => (frame * 2654435761 * seed) % 4294967296 < 4294967296 * 0.2);
      let rows: ReturnType<typeof whole.linux.getProcesses> | undefined;
      expect(
        codeOf(() => {
          rows = open(conf, { memory }).linux.getProcesses();
        }),
      ).toMatch(/^(nothing was thrown|PROFILE_NONE_FITS)$/);
      expect((rows ?? []).filter(({ taskd }) => !known.has(taskd))).toEqual([]);
    }
  });
});

describe('identifyGuest', () => {
  it('finds the banner by a search of memory where no profile leads to it', () => {
    const found = identifyGuest(dump, {});
    expect(found.kernel.banner).toMatch(/^Linux version 6\.1\./);
    expect(found.problem?.code).toBe('PROFILE_FILE_MISSING');
    expect(found.paging).toBe('4-level');
  });

  it('tells what each of the method has found, and they agree', () => {
    const found = identifyGuest(dump, { keyFile: safeParseKeyFile(conf).file });
    const method = found.findings.filter(({ what }) => what.startsWith('kernel-by-'));
    expect(method.map(({ what }) => what)).toEqual([
      'kernel-by-vmcoreinfo',
      'kernel-by-registers',
      'kernel-by-vmcoreinfo-in-memory',
      'kernel-by-page-tables-in-memory',
    ]);
    const [noted, registers, inMemory, tables] = method.map(({ value }) => value);
    expect([noted, inMemory]).toEqual(['not found', 'not found']);
    expect(registers).toContain(`4-level, image at 0x`);
    expect(registers).toContain(`KASLR shift 0x${found.kaslrShift?.toString(16)},`);
    expect(tables).toBe(registers);
    const bare = identifyGuest({ ...dump, cpus: [] }, {});
    expect([bare.paging, bare.kaslrShift]).toEqual([found.paging, found.kaslrShift]);
    expect(bare.findings).toContainEqual({
      what: 'kernel-by-registers',
      title: 'kernel by registers of processors',
      value: 'not found',
      evidence: 'the dump has no registers',
    });
  });
});
