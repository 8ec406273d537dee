import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OsiError } from '@osi-linux/core';
import type { QmpClient } from './qmp';

/** Number of `k_gs_base` in the description of registers by QEMU's gdb stub (QEMU gdb-xml/i386-64bit.xml). */
const K_GS_BASE = 26;
const TIMEOUT_MS = 10_000;

/**
 * The kernel GS base of each processor of a stopped amd64 guest, out of QEMU's gdb stub: its monitor does not
 * report it.
 *
 * @throws OsiError `GUEST_QMP_FAILED`, `GUEST_GDB_FAILED`.
 */
export async function readKernelGsBases(qmp: QmpClient, cpus: number): Promise<bigint[]> {
  const folder = mkdtempSync(join(tmpdir(), 'osi-linux-gdb-'));
  const path = join(folder, 'gdb');
  try {
    await qmp.monitor(`gdbserver unix:${path},server=on,wait=off`);
    const socket = createConnection(path);
    socket.setEncoding('latin1');
    try {
      // It answers `p` only to those who have asked which registers there are.
      await ask(socket, 'qXfer:features:read:target.xml:0,ffb');
      const bases: bigint[] = [];
      for (let cpu = 0; cpu < cpus; cpu += 1) {
        // Threads are counted from 1.
        await ask(socket, `Hg${(cpu + 1).toString(16)}`);
        bases.push(littleEndian(await ask(socket, `p${K_GS_BASE.toString(16)}`)));
      }
      return bases;
    } finally {
      socket.destroy();
      await qmp.monitor('gdbserver none');
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Sends a packet and waits for the answer (GDB manual, "Remote Protocol"). */
function ask(socket: Socket, packet: string): Promise<string> {
  const sum = Buffer.from(packet, 'latin1').reduce((total, byte) => (total + byte) & 0xff, 0);
  return new Promise((resolve, reject) => {
    let text = '';
    const end = (finish: () => void) => {
      clearTimeout(timer);
      socket.removeListener('data', receive).removeListener('error', fail);
      finish();
    };
    const fail = (cause: Error) => end(() => reject(gdbFailed(packet, cause.message, cause)));
    const receive = (chunk: string) => {
      text += chunk;
      const answer = /\$([^#]*)#[0-9a-f]{2}/.exec(text)?.[1];
      if (answer === undefined) return;
      socket.write('+');
      if (/^(E[0-9a-f]{2})?$/.test(answer)) fail(new Error(`it answers "${answer}"`));
      else end(() => resolve(answer));
    };
    const timer = setTimeout(() => fail(new Error(`no answer in ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
    socket.on('data', receive).on('error', fail);
    socket.write(`$${packet}#${sum.toString(16).padStart(2, '0')}`);
  });
}

function littleEndian(hex: string): bigint {
  return Buffer.from(hex, 'hex').readBigUInt64LE();
}

function gdbFailed(packet: string, why: string, cause: Error): OsiError {
  return new OsiError('GUEST_GDB_FAILED', `gdb stub, ${packet}: ${why}`, {
    hint: 'the guest has to be amd64, and stopped',
    fields: { packet },
    cause,
  });
}
