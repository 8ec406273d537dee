import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Guest, openGuest } from '@osi-linux/guest';
import { openDumpFile } from '@osi-linux/guest/node';
import { findKernelInfoBlock, formatSection, safeParseKeyFile } from '@osi-linux/kconf';
import { OsiLinux } from '@osi-linux/osi-linux';
import {
  buildGuest,
  guestSpec,
  guestStops,
  guestsOfThisRun,
  parseRegisters,
} from '@osi-linux/test-fixtures/guest-builder';
import {
  CHECKED_CALLS,
  checkOsiCalls,
  falsified,
  readStoppedGuest,
  type StoppedGuest,
  type WritableGuest,
} from '@osi-linux/test-fixtures/osi-truth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// Every call of the OSI API, for every process and on every processor, compared with the guest's own /proc
// and a module in its kernel; with the processors stopped in a program, in a shared object, in a system call,
// and idle.

const ALL_CALLS: readonly string[] = [...CHECKED_CALLS.osi, ...CHECKED_CALLS.linux];

/** The provider over the same guest, with a memory that takes writes and keeps them; `slip` bytes beside their place. */
function makeWritable({ linux, dump }: Guest, slip = 0): WritableGuest {
  const writes: { physical: number; bytes: Uint8Array }[] = [];
  const writePhysical = (physical: number, bytes: Uint8Array) => {
    writes.push({ physical: physical + slip, bytes: Uint8Array.from(bytes) });
  };
  return { linux: new OsiLinux({ kernel: linux.kernel, cpus: dump.cpus, writePhysical }), writes };
}

describe.each(guestsOfThisRun())('the OSI API on $name', (row) => {
  const spec = guestSpec(row);
  const isolated = row.appendCommandLine === 'pti=on';
  let folder: string;

  beforeAll(async () => {
    folder = await buildGuest(spec);
  });

  describe.each(guestStops(spec))('at $dump, its processors in $modes', (stop) => {
    let guest: Guest;
    let stopped: StoppedGuest;
    let counts: ReadonlyMap<string, number> = new Map();

    beforeAll(() => {
      const { lines } = findKernelInfoBlock(readFileSync(join(folder, 'dmesg.log')));
      const section = formatSection(
        row.name,
        lines.map(({ text }) => text),
      );
      const keyFile = safeParseKeyFile(section).file;
      guest = openGuest(openDumpFile(join(folder, stop.dump)), { keyFile, kconfGroup: row.name });
      stopped = readStoppedGuest(folder, stop, guest);
    });

    afterAll(() => {
      guest.dump.close();
      stopped.bytes.close();
      const told = ALL_CALLS.map((call) => `${call} ${counts.get(call) ?? 0}`);
      console.info(`${row.name} ${stop.modes.join(', ')}: compared with the truth: ${told.join(', ')}`);
    });

    it('is stopped in these modes', () => {
      const cpus = parseRegisters(readFileSync(join(folder, stop.registers), 'utf8'));
      const levels = { program: 3, 'shared-object': 3, kernel: 0, idle: 0 } as const;
      expect(cpus.map(({ cpl, halted }) => ({ cpl, halted }))).toEqual(
        stop.modes.map((mode) => ({ cpl: levels[mode], halted: mode === 'idle' })),
      );
      // Of the two halves of isolated page tables, the user's has this bit in CR3 (PTI_USER_PGTABLE_BIT).
      const halves = stopped.registers.map(
        (text) => (Number(`0x${/\bCR3=([0-9a-f]+)/.exec(text)?.[1]}`) >> 12) & 1,
      );
      if (isolated) expect(halves).toEqual(stop.modes.map((mode) => (levels[mode] === 3 ? 1 : 0)));
    });

    it('answers every call as the guest does', () => {
      const log = checkOsiCalls(stopped, { writable: makeWritable(guest) });
      counts = log.counts;
      expect(log.differences).toEqual([]);
      const processes = stopped.truth.processes.length;
      for (const call of ALL_CALLS) expect(counts.get(call) ?? 0, call).toBeGreaterThanOrEqual(row.cpus);
      for (const call of ['getProcess', 'getProcMem', 'getMappingByAddr', 'hasMappingPrefix', 'fdToFilename'])
        expect(counts.get(call) ?? 0, call).toBeGreaterThan(processes);
      expect(counts.get('getMappings') ?? 0).toBeGreaterThan(2000);
      expect(counts.get('fdToPos') ?? 0).toBeGreaterThan(500);
      expect(counts.get('virtualMemoryRead') ?? 0).toBeGreaterThan(50);
    });

    it('is found out when any call answers something else', () => {
      const pids = [1, ...stopped.truth.cpus.map(({ pid }) => pid)];
      const faultyCalls = (changed: Partial<StoppedGuest>, slip = 0) => {
        const writable = makeWritable(guest, slip);
        const { differences } = checkOsiCalls({ ...stopped, ...changed }, { pids, writable });
        return new Set(differences.map((sentence) => /^\w+/.exec(sentence)?.[0]));
      };
      expect(faultyCalls({})).toEqual(new Set());
      for (const call of CHECKED_CALLS.osi)
        expect(faultyCalls({ osi: falsified(stopped.osi, call) }), call).toContain(call);
      for (const call of CHECKED_CALLS.linux.filter((name) => name !== 'virtualMemoryWrite'))
        expect(faultyCalls({ linux: falsified(stopped.linux, call) }), call).toContain(call);
      expect(faultyCalls({}, 8)).toContain('virtualMemoryWrite');
    });

    it('is found out when a processor does something else', () => {
      const pids = stopped.truth.cpus.map(({ pid }) => pid);
      const others = {
        program: 'shared-object',
        'shared-object': 'idle',
        kernel: 'program',
        idle: 'kernel',
      } as const;
      for (const cpu of stop.modes.keys()) {
        const modes = stop.modes.map((mode, at) => (at === cpu ? others[mode] : mode));
        const { differences } = checkOsiCalls({ ...stopped, stop: { ...stop, modes } }, { pids });
        expect(differences.filter((sentence) => sentence.includes(`(cpu ${cpu}, `)).length).toBeGreaterThan(
          0,
        );
        expect(differences.filter((sentence) => !sentence.includes(`(cpu ${cpu}, `))).toEqual([]);
      }
    });
  });
});
