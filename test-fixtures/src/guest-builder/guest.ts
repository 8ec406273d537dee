import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OsiError } from '@osi-linux/core';
import { parseGuestTruth } from '../truth/guest-truth';
import { formatGuestTruth } from '../truth/truth-json';
import { parseTruthRecords, type TruthRecord } from '../truth/truth-records';
import { GUEST_SOURCES, type GuestKit, guestKit, KERNELINFO_SOURCES } from './guest-kit';
import { type KernelSpec, kernelImage } from './kernel-image';
import { guestStops, type StopSpec, stopInModes, writeFurtherStops } from './machine/guest-stops';
import { readKernelGsBases } from './machine/kernel-gs-bases';
import { Machine, type MachineSpec } from './machine/machine';
import { dumpMemory, type QemuDump } from './machine/memory-dumps';
import { cacheFolder, publishFolder } from './packages/cache-folder';

/** Which guest is wanted. */
export interface GuestSpec extends KernelSpec, MachineSpec, StopSpec {
  /** Whether states that `/proc` itself does not show are left out, so that every listing is complete. */
  readonly answerable?: boolean;
  /**
   * The beginning of its folder's name in the cache; another name is another boot, at another KASLR address.
   */
  readonly name?: string;
  /** In which other forms than `elf` and `raw` QEMU writes its memory at the same stop. */
  readonly dumps?: readonly QemuDump[];
}

/** How guests are kept. */
export interface BuildGuestOptions {
  /** Build it in this folder, which must not exist yet, instead of in the cache. */
  readonly folder?: string;
}

/** Tells QEMU where the guest's VMCOREINFO is. */
const VMCOREINFO_MODULES = ['qemu_fw_cfg'];
const BOOT_ATTEMPTS = 3;

/**
 * Boots a guest, brings it into a known state, gathers the truth, stops it and dumps its memory.
 *
 * The returned folder holds `console.log`, `dmesg.log`, `dmesg-raw.log` (with priorities), `dump.elf`, `dump.raw`
 * (guest-physical memory from 0 to its end, with holes where memory is missing), `truth` (records),
 * `truth.json`, `registers.txt` (`info registers -a`), `cpus.txt` (`info cpus`), `module-build.log` (the
 * compiler's output for kernelinfo.ko), `guest.json`, `stop-1.elf` and `stop-1.txt` and so on of its further
 * stops ({@link guestStops}), and the other dumps that the specification asks for, by the names of
 * {@link QEMU_DUMP_FILES}, with `kernel-gs.txt`, a line a processor. A guest that was built before from the
 * same sources is reused.
 *
 * @throws OsiError `GUEST_BOOT_FAILED`, `GUEST_STATE_UNREACHED`, and those of {@link guestKit}.
 */
export async function buildGuest(spec: GuestSpec, options: BuildGuestOptions = {}): Promise<string> {
  const { release } = await kernelImage(spec);
  const name = spec.name ?? `${spec.suite}-${spec.arch}-${spec.state}`;
  const folder = options.folder ?? join(cacheFolder(), 'guests', `${name}-${guestKey(spec, release)}`);
  return publishFolder(folder, async (temporary) => {
    const kit = await guestKit(spec, spec.vmcoreinfo === true ? VMCOREINFO_MODULES : []);
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
    const [dumped, ...further] = guestStops(spec);
    const registers = await stopInModes(machine.qmp, dumped?.modes ?? []);
    writeFileSync(join(folder, 'registers.txt'), registers);
    writeFileSync(join(folder, 'cpus.txt'), await machine.qmp.monitor('info cpus'));
    if (spec.dumps !== undefined && spec.arch === 'amd64') {
      const bases = await readKernelGsBases(machine.qmp, spec.cpus);
      writeFileSync(join(folder, 'kernel-gs.txt'), bases.map((base) => `${base.toString(16)}\n`).join(''));
    }
    await dumpMemory(machine.qmp, folder, spec.memoryMiB, spec.dumps);
    await writeFurtherStops(machine.qmp, further, folder);
  } finally {
    await machine.close();
  }
  writeTruth(kit, spec, folder);
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
