import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OsiError } from '@osi-linux/core';
import { writePaddedRaw } from './padded-raw';
import type { QmpClient } from './qmp';

/** A form of QEMU's dumps of a stopped guest's memory. */
export type QemuDump = 'elf' | 'raw' | 'elf-paging' | 'kdump' | 'stream';

/** The name of each form's file in the guest's folder. */
export const QEMU_DUMP_FILES: Readonly<Record<QemuDump, string>> = {
  elf: 'dump.elf',
  raw: 'dump.raw',
  'elf-paging': 'dump-paging.elf',
  kdump: 'dump.kdump',
  stream: 'dump.stream',
};

const MIGRATION_TIMEOUT_MS = 120_000;

/**
 * Writes the memory of a stopped guest: always as an ELF core and as a raw file, and in the other forms wanted.
 *
 * The migration stream comes last: after it QEMU no longer owns the guest's disk.
 *
 * @throws OsiError `GUEST_QMP_FAILED`.
 */
export async function dumpMemory(
  qmp: QmpClient,
  folder: string,
  memoryMiB: number,
  more: readonly QemuDump[] = [],
): Promise<void> {
  const file = (dump: QemuDump) => join(folder, QEMU_DUMP_FILES[dump]);
  await dumpGuestMemory(qmp, file('elf'), { paging: false });
  if (!writePaddedRaw(file('elf'), file('raw'))) {
    await qmp.execute('pmemsave', { val: 0, size: memoryMiB * 1024 * 1024, filename: file('raw') });
  }
  if (more.includes('elf-paging')) await dumpGuestMemory(qmp, file('elf-paging'), { paging: true });
  if (more.includes('kdump')) {
    await dumpGuestMemory(qmp, file('kdump'), { paging: false, format: 'kdump-zlib' });
  }
  if (more.includes('stream')) await migrate(qmp, file('stream'));
}

async function dumpGuestMemory(qmp: QmpClient, file: string, form: Readonly<Record<string, unknown>>) {
  await qmp.execute('dump-guest-memory', { ...form, protocol: `file:${file}` });
  chmodSync(file, 0o644);
}

/** QEMU's own way to a file: the stream that another QEMU would be sent. */
async function migrate(qmp: QmpClient, file: string): Promise<void> {
  await qmp.execute('migrate-set-parameters', { 'max-bandwidth': 2 ** 33 });
  await qmp.execute('migrate', { uri: `exec:cat > '${file}'` });
  for (let waited = 0; waited < MIGRATION_TIMEOUT_MS; waited += 50) {
    const { status } = (await qmp.execute('query-migrate')) as { readonly status?: string };
    if (status === 'completed') return;
    if (status === 'failed' || status === 'cancelled') throw migrationFailed(status);
    await sleep(50);
  }
  throw migrationFailed(`not completed in ${MIGRATION_TIMEOUT_MS / 1000} s`);
}

function migrationFailed(why: string): OsiError {
  return new OsiError('GUEST_QMP_FAILED', `QMP migrate: ${why}`, {
    hint: 'the folder must have room for the whole of the memory',
    fields: { command: 'migrate' },
  });
}
