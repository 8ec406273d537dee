import { chmodSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openGuest } from '@osi-linux/guest';
import { findKernelInfoBlock, formatSection, safeParseKeyFile } from '@osi-linux/kconf';
import { type Dump, openDump } from '@osi-linux/memory';
import { nodeCodecs, openFileSource } from '@osi-linux/memory/node';
import {
  chooseGuests,
  GUEST_SOURCES,
  guestKit,
  guestSpec,
  Machine,
  type QmpClient,
} from '@osi-linux/test-fixtures/guest-builder';
import { withNewerQemu } from '@osi-linux/test-fixtures/peers';
import { parseTruthRecords } from '@osi-linux/test-fixtures/truth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { comparePages } from './dump-comparison';

// One guest, stopped under the QEMU of a newer suite, in every form that this QEMU writes: the next one is noticed here.

const [guest] = chooseGuests('debian-12-amd64');
if (guest === undefined) throw new Error('no guest debian-12-amd64');
const { name: group, ...spec } = guestSpec(guest);
const MEMORY_MIB = 192;
const FRAMES = (MEMORY_MIB * 1024 * 1024) / 4096;
/** With `paging` QEMU writes the memory that the kernel maps; it need not map the firmware's tables at the end of RAM. */
const FIRMWARE_FRAMES = 64;
const MIGRATION_TIMEOUT_MS = 120_000;
const STREAMS: Readonly<Record<string, readonly string[]>> = {
  stream: [],
  'stream mapped-ram multifd': ['mapped-ram', 'multifd'],
};

const folder = join(tmpdir(), `osi-linux-newer-qemu-${process.pid}`);
const files: string[] = [];
/** The ELF core of the same stop, by the name of the file. */
const references = new Map<string, string>();
let version = '';
let section = '';

async function dump(qmp: QmpClient, name: string, form: Readonly<Record<string, unknown>>): Promise<void> {
  await qmp.execute('dump-guest-memory', { ...form, protocol: `file:${join(folder, name)}` });
  chmodSync(join(folder, name), 0o644);
  files.push(name);
}

async function migrate(qmp: QmpClient, name: string, wanted: readonly string[]): Promise<void> {
  const capabilities = ['mapped-ram', 'multifd'].map((capability) => ({
    capability,
    state: wanted.includes(capability),
  }));
  await qmp.execute('migrate-set-capabilities', { capabilities });
  await qmp.execute('migrate-set-parameters', { 'max-bandwidth': 2 ** 33 });
  await qmp.execute('migrate', { uri: `file:${join(folder, name)}` });
  for (let waited = 0; ; waited += 50) {
    const { status } = (await qmp.execute('query-migrate')) as { readonly status?: string };
    if (status === 'completed') break;
    if (status === 'failed' || waited > MIGRATION_TIMEOUT_MS) throw new Error(`${name}: ${status}`);
    await new Promise((resume) => setTimeout(resume, 50));
  }
  files.push(name);
}

async function writeForms(qmp: QmpClient): Promise<void> {
  const { qemu } = (await qmp.execute('query-version')) as { readonly qemu: { readonly major: number } };
  version = String(qemu.major);
  await qmp.execute('stop');
  const { formats } = (await qmp.execute('query-dump-guest-memory-capability')) as {
    readonly formats: readonly string[];
  };
  // The form for Windows wants what only a Windows guest has.
  for (const format of formats.filter((name) => name !== 'win-dmp'))
    await dump(qmp, format, { paging: false, format });
  await dump(qmp, 'elf paging', { paging: true });
  const filename = join(folder, 'pmemsave');
  await qmp.execute('pmemsave', { val: 0, size: FRAMES * 4096, filename });
  files.push('pmemsave');
  for (const name of files) references.set(name, 'elf');
  for (const [name, capabilities] of Object.entries(STREAMS)) {
    // A guest that was migrated has to run before it can be migrated again.
    if (references.get('stream') !== undefined) for (const word of ['cont', 'stop']) await qmp.execute(word);
    references.set(name, `${name}.elf`);
    await dump(qmp, `${name}.elf`, { paging: false });
    await migrate(qmp, name, capabilities);
  }
}

function open(name: string): Dump {
  return openDump(openFileSource(join(folder, name)), { codecs: nodeCodecs });
}

describe('a guest under the QEMU of a newer suite', () => {
  beforeAll(async () => {
    mkdirSync(folder);
    const kit = await guestKit(spec, ['qemu_fw_cfg']);
    const script = readFileSync(join(GUEST_SOURCES, 'init-state.sh'), 'utf8');
    const modules = kit.modules.map(({ name }) => name).join(' ');
    const configuration = { MODULES: modules, STATE: spec.state, CPUS: spec.cpus, ZOO: '' };
    const machine = { ...spec, memoryMiB: MEMORY_MIB, vmcoreinfo: true };
    await withNewerQemu(folder, async () => {
      const running = await Machine.start(kit, machine, { script, configuration }, folder);
      try {
        await running.checkpoint();
        await writeForms(running.qmp);
      } finally {
        await running.close();
      }
    });
    const { records } = parseTruthRecords(readFileSync(join(folder, 'truth')));
    const log = records.find(({ path, kind }) => path === '/run/dmesg.log' && kind === 'file')?.bytes;
    const block = findKernelInfoBlock(log ?? new Uint8Array(0));
    section = formatSection(
      group ?? 'guest',
      block.lines.map(({ text }) => text),
    );
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('has the forms that are known, and no other', () => {
    expect(Number(version)).toBeGreaterThanOrEqual(10);
    const known = ['elf', 'elf paging', 'kdump-raw-zlib', 'kdump-zlib', 'pmemsave', ...Object.keys(STREAMS)];
    expect([...references.keys()].sort()).toEqual(known.sort());
  });

  it('is read in each of them: the same pages, the same processes', () => {
    const processes = (dumped: Dump): string => {
      const { linux } = openGuest(dumped, { keyFile: safeParseKeyFile(section).file });
      return JSON.stringify(linux.getProcesses().map(({ pid, name, taskd }) => [pid, name, String(taskd)]));
    };
    for (const [name, core] of references) {
      const reference = open(core);
      const expected = processes(reference);
      expect(JSON.parse(expected).length).toBeGreaterThan(50);
      const dumped = open(name);
      const compared = FRAMES - (name === 'elf paging' ? FIRMWARE_FRAMES : 0);
      const same = { same: compared, different: [], holes: {} };
      expect({ name, ...comparePages(reference, dumped, compared) }).toEqual({ name, ...same });
      expect(processes(dumped) === expected, name).toBe(true);
      if (name !== 'pmemsave') {
        expect([name, dumped.machine, dumped.cpus.length]).toEqual([name, 'x86_64', spec.cpus]);
      }
      dumped.close();
      reference.close();
    }
  });
});
