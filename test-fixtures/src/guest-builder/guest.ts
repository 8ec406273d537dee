import { createHash } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { OsiError } from '@osi-linux/core';
import { parseGuestTruth } from '../truth/guest-truth';
import { formatGuestTruth } from '../truth/truth-json';
import { parseTruthRecords, type TruthRecord } from '../truth/truth-records';
import { cacheFolder, publishFolder } from './cache-folder';
import { GUEST_SOURCES, type GuestKit, guestKit, KERNELINFO_SOURCES } from './guest-kit';
import { type KernelSpec, kernelImage } from './kernel-image';
import { Machine, type MachineSpec } from './machine';
import { writePaddedRaw } from './padded-raw';
import type { QmpClient } from './qmp';
import { type CpuState, parseRegisters } from './registers';

/** Which guest is wanted. */
export interface GuestSpec extends KernelSpec, MachineSpec {
  /** What its processors do at the moment of the dump: user-mode spinners on all of them, or nothing on any. */
  readonly state: 'spinning' | 'idle';
  /** Whether states that `/proc` itself cannot tell are left out, so that every listing is complete. */
  readonly answerable?: boolean;
  /** What its folder in the cache begins with; another name is another boot, at another KASLR address. */
  readonly name?: string;
}

/** How guests are kept. */
export interface BuildGuestOptions {
  /** Build it in this folder, which must not exist yet, instead of in the cache. */
  readonly folder?: string;
}

/** EBX of the spinner on CPU 0; each further CPU has one more. */
const SPINNER = 0x5350494e;
const BOOT_ATTEMPTS = 3;
const STOP_ATTEMPTS = 50;

/**
 * Boots a guest, brings it into a known state, gathers the truth, stops it and dumps its memory.
 *
 * The returned folder holds `console.log`, `dmesg.log`, `dmesg-raw.log` (with priorities), `dump.elf`, `dump.raw`
 * (guest-physical memory from 0 to its end, with holes where there is none), `truth` (records), `truth.json`, `registers.txt`
 * (`info registers -a`), `cpus.txt` (`info cpus`), `module-build.log` (what the compiler said of kernelinfo.ko) and
 * `guest.json`. A guest that was built before from the same sources is reused.
 *
 * @throws OsiError `GUEST_BOOT_FAILED`, `GUEST_STATE_UNREACHED`, and those of {@link guestKit}.
 */
export async function buildGuest(spec: GuestSpec, options: BuildGuestOptions = {}): Promise<string> {
  const { release } = await kernelImage(spec);
  const name = spec.name ?? `${spec.suite}-${spec.arch}-${spec.state}`;
  const folder = options.folder ?? join(cacheFolder(), 'guests', `${name}-${guestKey(spec, release)}`);
  return publishFolder(folder, async (temporary) => {
    const kit = await guestKit(spec);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await dumpGuest(kit, spec, temporary);
        return;
      } catch (error) {
        if (attempt === BOOT_ATTEMPTS || !OsiError.is(error) || error.code !== 'GUEST_BOOT_FAILED')
          throw error;
      }
    }
  });
}

/** Changes whenever the guest would come out differently. */
function guestKey(spec: GuestSpec, release: string): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify(Object.entries(spec).sort()));
  hash.update(release);
  const builder = fileURLToPath(new URL('.', import.meta.url));
  for (const folder of [GUEST_SOURCES, KERNELINFO_SOURCES, builder]) {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
    for (const file of files.filter(shapesGuests)) hash.update(file).update(readFileSync(join(folder, file)));
  }
  return hash.digest('hex').slice(0, 12);
}

/** A row of the table is in the key already, as the guest's settings. */
function shapesGuests(file: string): boolean {
  if (/\.test\.|^(guest-table|main)\.ts$/.test(file)) return false;
  return /\.(c|h|sh|ts)$|Kbuild$/.test(file);
}

async function dumpGuest(kit: GuestKit, spec: GuestSpec, folder: string): Promise<void> {
  const script = readFileSync(join(GUEST_SOURCES, 'init-state.sh'), 'utf8');
  const modules = kit.modules.map(({ name }) => name).join(' ');
  const zoo = spec.answerable === true ? 'answerable' : '';
  const configuration = { MODULES: modules, STATE: spec.state, CPUS: spec.cpus, ZOO: zoo };
  const machine = await Machine.start(kit, spec, { script, configuration }, folder);
  try {
    await machine.checkpoint();
    const registers = await stopInState(machine.qmp, spec.state);
    writeFileSync(join(folder, 'registers.txt'), registers);
    writeFileSync(join(folder, 'cpus.txt'), await machine.qmp.monitor('info cpus'));
    await dumpMemory(machine.qmp, folder, spec.memoryMiB);
  } finally {
    await machine.close();
  }
  writeTruth(kit, spec, folder);
}

/** Stops the guest where each processor does what the specification says; lets it go on a little otherwise. */
async function stopInState(qmp: QmpClient, state: GuestSpec['state']): Promise<string> {
  let registers = '';
  for (let attempt = 0; attempt < STOP_ATTEMPTS; attempt += 1) {
    await qmp.execute('stop');
    registers = await qmp.monitor('info registers -a');
    if (parseRegisters(registers).every((cpu) => isInState(cpu, state))) return registers;
    await qmp.execute('cont');
    await sleep(5 + attempt);
  }
  throw new OsiError('GUEST_STATE_UNREACHED', `guest: its processors are never ${state} all at once`, {
    hint: 'look at registers and console; something else keeps a processor busy',
    fields: { state, registers },
  });
}

function isInState({ cpu, cpl, halted, ebx }: CpuState, state: GuestSpec['state']): boolean {
  return state === 'spinning' ? cpl === 3 && ebx === SPINNER + cpu : cpl === 0 && halted;
}

async function dumpMemory(qmp: QmpClient, folder: string, memoryMiB: number): Promise<void> {
  const elf = join(folder, 'dump.elf');
  await qmp.execute('dump-guest-memory', { paging: false, protocol: `file:${elf}` });
  chmodSync(elf, 0o644);
  const size = memoryMiB * 1024 * 1024;
  const raw = join(folder, 'dump.raw');
  if (writePaddedRaw(elf, raw)) return;
  await qmp.execute('pmemsave', { val: 0, size, filename: raw });
}

function writeTruth(kit: GuestKit, spec: GuestSpec, folder: string): void {
  const { records, length } = parseTruthRecords(readFileSync(join(folder, 'truth')));
  writeFileSync(join(folder, 'truth'), readFileSync(join(folder, 'truth')).subarray(0, length));
  for (const path of ['/run/dmesg.log', '/run/dmesg-raw.log', '/run/insmod.log']) {
    writeFileSync(join(folder, basename(path)), recordBytes(records, path));
  }
  const truth = parseGuestTruth(records, { cpus: spec.cpus });
  writeFileSync(join(folder, 'truth.json'), `${formatGuestTruth(truth)}\n`);
  writeFileSync(join(folder, 'module-build.log'), kit.kernelinfo.output);
  const guest = { ...spec, release: kit.kernel.release };
  writeFileSync(join(folder, 'guest.json'), `${JSON.stringify(guest, null, 2)}\n`);
}

function recordBytes(records: readonly TruthRecord[], path: string): Uint8Array {
  const record = records.find((candidate) => candidate.path === path && candidate.kind === 'file');
  if (record === undefined) {
    throw new OsiError('TRUTH_INCOMPLETE', `the guest's truth has no record of ${path}`, {
      fields: { path },
    });
  }
  return record.bytes;
}
