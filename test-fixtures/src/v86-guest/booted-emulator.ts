import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { OsiError } from '@osi-linux/core';
import type { V86Media } from './v86-media';

/**
 * The members used here of the class `V86` of the npm package `v86`, which the tests of its package hand in.
 */
interface Emulator {
  add_listener(event: 'serial0-output-byte' | 'serial1-output-byte', listener: (byte: number) => void): void;
  serial_send_bytes(serial: number, data: Uint8Array): void;
  is_running(): boolean;
  run(): Promise<void>;
  stop(): Promise<void>;
  destroy(): Promise<void>;
}

/** The class itself. */
export type EmulatorClass = new (options: Record<string, unknown>) => Emulator;

const MIB = 1024 * 1024;
const TIMEOUT_MS = 240_000;
/** The text of the shell on the second serial port after a command; not a part of any truth. */
const END = 'OSI-COMMAND-ENDED';

/** A guest that boots in the v86 emulator, with its console and the shell on its second serial port. */
export class BootedEmulator {
  /** The emulator itself. */
  readonly emulator: Emulator;
  private readonly consoleBytes: number[] = [];
  private readonly answers: number[] = [];

  /** Starts to boot; `wasm` is the path of the emulator's own code. */
  constructor(V86: EmulatorClass, wasm: string, media: V86Media) {
    this.emulator = new V86({
      wasm_path: wasm,
      memory_size: 256 * MIB,
      vga_memory_size: 2 * MIB,
      bios: image(media.bios),
      vga_bios: image(media.vgaBios),
      bzimage: image(media.kernel),
      initrd: image(media.initramfs),
      cmdline: 'console=ttyS0,115200 panic=-1 log_buf_len=1M',
      uart1: true,
      autostart: true,
      disable_keyboard: true,
      disable_mouse: true,
      disable_speaker: true,
    });
    this.emulator.add_listener('serial0-output-byte', (byte) => this.consoleBytes.push(byte));
    this.emulator.add_listener('serial1-output-byte', (byte) => this.answers.push(byte));
  }

  /** All that the guest printed on its console. */
  console(): string {
    return Buffer.from(this.consoleBytes).toString('latin1');
  }

  /** Waits until the guest has printed a text. @throws OsiError `GUEST_BOOT_FAILED` with the end of its console. */
  async waitFor(text: string): Promise<void> {
    const failure = () => /OSI-FAILED.*|Kernel panic.*/.exec(this.console())?.[0];
    await this.poll(`its console never said ${text}`, () => this.console().includes(text), failure);
  }

  /**
   * Runs a command in the guest's shell; returns its output.
   *
   * @throws OsiError `GUEST_BOOT_FAILED` where it does not end.
   */
  async command(line: string): Promise<Buffer> {
    const from = this.answers.length;
    this.emulator.serial_send_bytes(1, Buffer.from(`${line}; echo ${END}\n`));
    const end = Buffer.from(`${END}\n`);
    const ended = () =>
      Buffer.from(this.answers.slice(Math.max(from, this.answers.length - end.length))).equals(end);
    await this.poll(`a command never ended: ${line}`, ended);
    return Buffer.from(this.answers.slice(from, -end.length));
  }

  /** Ends it. */
  async close(): Promise<void> {
    await this.emulator.destroy();
  }

  private async poll(what: string, isDone: () => boolean, failure?: () => string | undefined): Promise<void> {
    for (const deadline = Date.now() + TIMEOUT_MS; !isDone(); await sleep(20)) {
      const failed = failure?.() ?? (Date.now() > deadline ? what : undefined);
      if (failed === undefined) continue;
      throw new OsiError('GUEST_BOOT_FAILED', `guest: ${failed}\n${this.console().slice(-3000)}`, {
        hint: 'look at the end of its console',
        fields: { what },
      });
    }
  }
}

function image(path: string): { buffer: ArrayBuffer } {
  const bytes = new Uint8Array(readFileSync(path));
  return { buffer: bytes.buffer };
}
