import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OsiError } from '@osi-linux/core';
import { CPIO_MODE, type CpioEntry, writeCpio } from '../cpio';
import type { GuestKit } from '../guest-kit';
import { QmpClient } from './qmp';

/** How the virtual machine is built. */
export interface MachineSpec {
  readonly cpus: number;
  /** RAM in MiB. */
  readonly memoryMiB: number;
  /** Whether the kernel puts itself at a random address. */
  readonly kaslr: boolean;
  /** QEMU's model: `qemu64` (the default) has four levels of page tables, `max` has five. */
  readonly cpu?: string;
  /** QEMU's machine type with its properties; `pc` when absent. */
  readonly machine?: string;
  /** Over how many NUMA nodes the processors and the RAM are spread, evenly; one when absent. */
  readonly numaNodes?: number;
  /** More words of the kernel's command line. */
  readonly appendCommandLine?: string;
  /** Whether QEMU has a place for the kernel's VMCOREINFO, which its dumps then have as a note. */
  readonly vmcoreinfo?: boolean;
}

/** The work of the guest once its kernel is up. */
export interface InitSpec {
  /** Text of `/init`. */
  readonly script: string;
  /** Variables of `/etc/guest.conf`, which the script reads. */
  readonly configuration: Readonly<Record<string, string | number>>;
}

const TRUTH_DISK_BYTES = 32 * 1024 * 1024;
const BOOT_TIMEOUT_MS = 90_000;

/** A guest under QEMU, without KVM. `folder` gets its console and the disk that the guest writes its truth to. */
export class Machine {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    private readonly sockets: string,
    /** QEMU's machine protocol. */
    readonly qmp: QmpClient,
  ) {}

  /** Starts QEMU; the guest begins to boot. */
  static async start(kit: GuestKit, machine: MachineSpec, init: InitSpec, folder: string): Promise<Machine> {
    // Paths of unix sockets are short, and `folder` may not be.
    const sockets = mkdtempSync(join(tmpdir(), 'osi-linux-qmp-'));
    writeFileSync(join(folder, 'initramfs'), writeCpio([...kit.files, ...initEntries(init)]));
    writeFileSync(join(folder, 'truth'), '');
    truncateSync(join(folder, 'truth'), TRUTH_DISK_BYTES);
    const errors = openSync(join(folder, 'qemu.log'), 'w');
    const args = qemuArguments(kit, machine, folder, join(sockets, 'qmp'));
    const child = spawn('qemu-system-x86_64', args, { stdio: ['ignore', errors, errors] });
    closeSync(errors);
    child.on('error', () => child.emit('close'));
    const end = () => child.kill('SIGKILL');
    process.once('exit', end);
    child.once('close', () => process.removeListener('exit', end));
    try {
      return new Machine(child, folder, sockets, await QmpClient.connect(join(sockets, 'qmp')));
    } catch (cause) {
      end();
      rmSync(sockets, { recursive: true, force: true });
      throw bootFailed('QEMU did not start', readFileSync(join(folder, 'qemu.log'), 'utf8'), cause);
    }
  }

  /**
   * Waits until the guest has written its truth.
   *
   * @throws OsiError `GUEST_BOOT_FAILED` with the end of its console.
   */
  async checkpoint(): Promise<void> {
    const deadline = Date.now() + BOOT_TIMEOUT_MS;
    for (;;) {
      const console = this.console();
      if (console.includes('OSI-CHECKPOINT')) return;
      const failure = /OSI-FAILED.*|Kernel panic.*/.exec(console)?.[0];
      if (failure !== undefined) throw bootFailed(failure, console);
      if (this.child.exitCode !== null) throw bootFailed(`QEMU ended with ${this.child.exitCode}`, console);
      if (Date.now() > deadline) throw bootFailed(`no checkpoint in ${BOOT_TIMEOUT_MS / 1000} s`, console);
      await sleep(50);
    }
  }

  /** All that the guest printed on its serial console. */
  console(): string {
    const file = join(this.folder, 'console.log');
    return existsSync(file) ? readFileSync(file, 'latin1') : '';
  }

  /** Ends QEMU. */
  async close(): Promise<void> {
    this.qmp.close();
    if (this.child.exitCode === null && this.child.signalCode === null) {
      await new Promise((resolve) => {
        this.child.once('close', resolve);
        this.child.kill('SIGKILL');
      });
    }
    for (const name of ['initramfs', 'qemu.log']) rmSync(join(this.folder, name), { force: true });
    rmSync(this.sockets, { recursive: true, force: true });
  }
}

function initEntries({ script, configuration }: InitSpec): CpioEntry[] {
  const lines = Object.entries(configuration).map(([name, value]) => `${name}='${value}'\n`);
  return [
    { path: 'etc/guest.conf', mode: CPIO_MODE.file, bytes: Buffer.from(lines.join('')) },
    { path: 'init', mode: CPIO_MODE.program, bytes: Buffer.from(script) },
  ];
}

function qemuArguments(kit: GuestKit, machine: MachineSpec, folder: string, socket: string): string[] {
  const words = ['console=ttyS0,115200', 'panic=-1', 'log_buf_len=1M'];
  if (!machine.kaslr) words.push('nokaslr');
  if (machine.appendCommandLine !== undefined) words.push(machine.appendCommandLine);
  return [
    ...['-nodefaults', '-display', 'none', '-no-reboot', '-accel', 'tcg'],
    ...['-M', machine.machine ?? 'pc', '-cpu', machine.cpu ?? 'qemu64'],
    ...['-smp', String(machine.cpus), '-m', String(machine.memoryMiB)],
    ...numaArguments(machine),
    ...['-kernel', kit.kernel.vmlinuz, '-initrd', join(folder, 'initramfs'), '-append', words.join(' ')],
    ...['-serial', `file:${join(folder, 'console.log')}`],
    ...['-qmp', `unix:${socket},server=on,wait=off`],
    ...['-drive', `file=${join(folder, 'truth')},format=raw,if=none,id=truth`],
    ...['-device', 'virtio-blk-pci,drive=truth'],
    ...(machine.vmcoreinfo === true ? ['-device', 'vmcoreinfo'] : []),
  ];
}

function numaArguments({ numaNodes = 1, cpus, memoryMiB }: MachineSpec): string[] {
  if (numaNodes === 1) return [];
  const [share, memory] = [cpus / numaNodes, memoryMiB / numaNodes];
  return Array.from({ length: numaNodes }, (_, node) => [
    ...['-object', `memory-backend-ram,id=ram${node},size=${memory}M`],
    ...['-numa', `node,memdev=ram${node},cpus=${node * share}-${(node + 1) * share - 1}`],
  ]).flat();
}

function bootFailed(what: string, output: string, cause?: unknown): OsiError {
  return new OsiError('GUEST_BOOT_FAILED', `guest: ${what}\n${output.slice(-3000)}`, {
    hint: 'with little memory KASLR may put the kernel where it dies silently: give it 256 MiB, or try again',
    fields: { what },
    cause,
  });
}
