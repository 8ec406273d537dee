import {
  formatAddress,
  isX86Register,
  OsiError,
  type PhysicalAddress,
  type VirtualAddress,
  type X86Register,
  type X86Registers,
} from '@osi-linux/core';
import type { ByteChannel } from './byte-channel';
import { encodeGdbPacket, GdbPacketDecoder } from './gdb-packet';
import { Deadline } from './internal/deadline';
import { commandOf, littleEndian, parseHex, threadNumber } from './internal/gdb-text';
import { noAnswer, protocolBroken } from './internal/live-errors';
import { type GdbRegister, includedDocuments, parseTargetDescription } from './target-description';

/** Why a guest behind a gdb stub stands still. */
export interface GdbStop {
  /** Number of the signal: 5 (SIGTRAP) for breakpoints and steps, 2 (SIGINT) where it was interrupted. */
  readonly signal: number;
  /** The thread, which in QEMU is a processor, from 1; `undefined` if the stub names none. */
  readonly thread: number | undefined;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const ATTEMPTS = 3;
/** The packet size for a stub that does not report its own. */
const SMALL_PACKET = 1024;
const LARGEST_PACKET = 128 * 1024;
const LARGEST_DOCUMENT = 1024 * 1024;
const MOST_DOCUMENTS = 64;
const MOST_THREADS = 4096;
const NOT_GDB = 'give the host and port of -gdb tcp::PORT';
const INTERRUPT = Uint8Array.of(3);
const [ACK, NACK] = [0x2b, 0x2d];

/**
 * The gdb remote protocol (GDB manual, appendix E) as QEMU's stub implements it, for a guest that is in its
 * hands: the stub stops the guest when a client connects.
 *
 * @example
 * ```ts
 * const answers = ['+$PacketSize=1000#f1', '+$0064#ca', '+$OK#9a'];
 * const bytes = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));
 * const channel = { name: 'gdb', write: () => {}, read: () => bytes(answers.shift() ?? ''), close: () => {} };
 * const gdb = GdbClient.open(channel);
 * [...gdb.readMemory(0x1000, 2)] // => [0, 0x64]
 * gdb.setBreakpoint(0xffffffff81000000n);
 * ```
 */
export class GdbClient {
  private readonly channel: ByteChannel;
  private readonly timeoutMs: number;
  private readonly decoder = new GdbPacketDecoder();
  private readonly packets: string[] = [];
  private acknowledges = true;
  private acknowledged = 0;
  private owesAck = false;
  private packetSize = SMALL_PACKET;
  private description: readonly GdbRegister[] | undefined;
  private running = false;
  private selected: number | undefined;
  private damaged = 0;

  private constructor(channel: ByteChannel, timeoutMs: number) {
    this.channel = channel;
    this.timeoutMs = timeoutMs;
  }

  /**
   * Asks for the features of the stub, and leaves out acknowledgements if the stub can do without.
   *
   * @throws OsiError `LIVE_NO_ANSWER`, `LIVE_PROTOCOL`, `LIVE_CONNECT_FAILED`, `LIVE_CONNECTION_LOST`.
   */
  static open(channel: ByteChannel, timeoutMs: number = DEFAULT_TIMEOUT_MS): GdbClient {
    const client = new GdbClient(channel, timeoutMs);
    const features = client.request('qSupported:xmlRegisters=i386;qXfer:features:read+').split(';');
    const size = Number.parseInt(
      features.find((text) => text.startsWith('PacketSize='))?.slice(11) ?? '',
      16,
    );
    if (size >= 64) client.packetSize = Math.min(size, LARGEST_PACKET);
    if (features.includes('QStartNoAckMode+') && client.request('QStartNoAckMode') === 'OK')
      client.acknowledges = false;
    return client;
  }

  /** Whether the guest runs, as far as this client let it. */
  get isRunning(): boolean {
    return this.running;
  }

  /**
   * Sends a packet and waits for the one that answers it.
   *
   * @throws OsiError `LIVE_NO_ANSWER`, `LIVE_PROTOCOL` where three answers in a row are damaged, `LIVE_CONNECTION_LOST`.
   */
  request(text: string): string {
    return this.requestWithin(this.deadline(), text);
  }

  /**
   * Copies guest memory: virtual as the selected processor sees it, or physical after
   * {@link setPhysicalMode}. What is longer than a packet is read in pieces.
   *
   * @throws OsiError `LIVE_COMMAND_FAILED` where the stub refuses.
   */
  readMemory(address: VirtualAddress | PhysicalAddress, length: number): Uint8Array {
    const most = Math.floor((this.packetSize - 4) / 2);
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; done += most)
      this.readInto(bytes.subarray(done, done + most), BigInt(address) + BigInt(done));
    return bytes;
  }

  /** Numbers of the threads, which in QEMU are the processors, ascending from 1. @throws OsiError `LIVE_COMMAND_FAILED`. */
  readThreads(): readonly number[] {
    const threads: number[] = [];
    const deadline = this.deadline();
    for (
      let answer = this.requestWithin(deadline, 'qfThreadInfo');
      answer.startsWith('m');
      answer = this.requestWithin(deadline, 'qsThreadInfo')
    ) {
      const found = answer
        .slice(1)
        .split(',')
        .map(threadNumber)
        .filter((thread) => thread !== undefined);
      if (found.length === 0 || threads.length > MOST_THREADS) throw this.refused('list the threads', answer);
      threads.push(...found);
    }
    return threads;
  }

  /**
   * The registers of a thread by the names of `Cpu`: general ones, segments, control registers; without floating
   * point and vectors.
   *
   * @throws OsiError `LIVE_COMMAND_FAILED` where the stub has no target description or no such thread.
   */
  readRegisters(thread: number): X86Registers {
    this.select(thread);
    const layout = this.registerLayout();
    const deadline = this.deadline();
    const block = parseHex(this.requestWithin(deadline, 'g')) ?? new Uint8Array(0);
    const registers: { [Name in X86Register]?: bigint } = {};
    let at = 0;
    for (const { name, size, number } of layout) {
      const inBlock = at + size <= block.length;
      const bytes = inBlock ? block.subarray(at, at + size) : undefined;
      at += size;
      const known = NAMES[name] ?? name;
      if (size > 8 || !isX86Register(known)) continue;
      const value = bytes ?? parseHex(this.requestWithin(deadline, `p${number.toString(16)}`));
      // A stub answers with x where it does not know a register now.
      if (value?.length === size) registers[known] = littleEndian(value);
    }
    return registers;
  }

  /**
   * Whether `m` packets read physical memory (QEMU commit ab4752ec8d9b, in 4.1); `undefined` if the stub
   * cannot.
   */
  readPhysicalMode(): boolean | undefined {
    const answer = this.request('qqemu.PhyMemMode');
    return answer === '1' ? true : answer === '0' ? false : undefined;
  }

  /** Makes `m` packets read physical memory, or virtual. @throws OsiError `LIVE_COMMAND_FAILED` where the stub cannot. */
  setPhysicalMode(physical: boolean): void {
    this.expectOk(`Qqemu.PhyMemMode:${physical ? 1 : 0}`, 'read physical memory (QEMU does since 4.1)');
  }

  /** Runs a command of QEMU's human monitor; returns what it prints. @throws OsiError `LIVE_COMMAND_FAILED`. */
  monitor(commandLine: string): string {
    const hex = [...new TextEncoder().encode(commandLine)]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('');
    const decoder = new TextDecoder();
    const deadline = this.deadline();
    let printed = '';
    for (let answer = this.requestWithin(deadline, `qRcmd,${hex}`); answer !== 'OK'; ) {
      const bytes = answer.startsWith('O') ? parseHex(answer.slice(1)) : undefined;
      if (bytes === undefined || printed.length > LARGEST_DOCUMENT)
        throw this.refused(`run "${commandLine}" in the monitor`, answer);
      printed += decoder.decode(bytes, { stream: true });
      answer = this.nextPacket(deadline, 'qRcmd');
    }
    return printed;
  }

  /** Stops the guest where a processor comes to a virtual address. @throws OsiError `LIVE_COMMAND_FAILED`. */
  setBreakpoint(address: VirtualAddress): void {
    this.expectOk(`Z1,${address.toString(16)},1`, `set a breakpoint at ${formatAddress(address)}`);
  }

  /** Takes a breakpoint away. @throws OsiError `LIVE_COMMAND_FAILED`. */
  clearBreakpoint(address: VirtualAddress): void {
    this.expectOk(`z1,${address.toString(16)},1`, `clear the breakpoint at ${formatAddress(address)}`);
  }

  /** Lets the guest run; {@link waitForStop} returns when it stands. */
  cont(): void {
    this.send('vCont;c');
    this.running = true;
  }

  /** Lets one processor execute one instruction while the others stand. @throws OsiError `LIVE_NO_ANSWER`. */
  step(thread: number): GdbStop {
    this.send(`vCont;s:${thread.toString(16)}`);
    this.running = true;
    const stop = this.waitForStop(this.timeoutMs);
    if (stop === undefined) throw noAnswer(this.channel, 'vCont;s', this.timeoutMs);
    return stop;
  }

  /**
   * Waits until the guest stands; `undefined` if it still runs after this time.
   *
   * @throws OsiError `LIVE_CONNECTION_LOST`.
   */
  waitForStop(timeoutMs: number): GdbStop | undefined {
    const text = this.findPacket(new Deadline(timeoutMs, this.channel.clock));
    if (text === undefined) return undefined;
    const signal = /^[TS]([0-9a-f]{2})/.exec(text)?.[1];
    if (signal === undefined) throw this.ended(text);
    this.running = false;
    const thread = /;?thread:([^;]+);/.exec(text)?.[1];
    return {
      signal: Number.parseInt(signal, 16),
      thread: thread === undefined ? undefined : threadNumber(thread),
    };
  }

  /** Stops the guest. Returns at once where it stands already. @throws OsiError `LIVE_NO_ANSWER`. */
  interrupt(): GdbStop | undefined {
    if (!this.running) return undefined;
    // Any bytes that come to a guest that runs stop it, and are lost.
    this.channel.write(INTERRUPT);
    const stop = this.waitForStop(this.timeoutMs);
    if (stop === undefined) throw noAnswer(this.channel, 'an interrupt', this.timeoutMs);
    return stop;
  }

  /** Lets go of the guest, which runs on without breakpoints. @throws OsiError `LIVE_NO_ANSWER`. */
  detach(): void {
    this.interrupt();
    this.request('D');
    this.close();
  }

  /** Lets go of the connection; a guest that stands stays so. */
  close(): void {
    this.channel.close();
  }

  /** The time for one answer, however much else comes. */
  private deadline(): Deadline {
    return new Deadline(this.timeoutMs, this.channel.clock);
  }

  private requestWithin(deadline: Deadline, text: string): string {
    this.send(text, deadline);
    return this.nextPacket(deadline, commandOf(text));
  }

  /** Reads the bytes of one packet, which a stub may send in several. */
  private readInto(into: Uint8Array, address: bigint): void {
    const deadline = this.deadline();
    for (let done = 0; done < into.length; ) {
      const at = address + BigInt(done);
      const step = into.length - done;
      const answer = this.requestWithin(deadline, `m${at.toString(16)},${step.toString(16)}`);
      const piece = parseHex(answer);
      // A stub may answer with less than was asked for, but not with nothing.
      if (piece === undefined || piece.length === 0 || piece.length > step)
        throw this.refused(`read ${step} bytes at ${formatAddress(at)}`, answer);
      into.set(piece, done);
      done += piece.length;
    }
  }

  private select(thread: number): void {
    if (this.selected === thread) return;
    this.expectOk(`Hg${thread.toString(16)}`, `select the thread ${thread}`);
    this.selected = thread;
  }

  private registerLayout(): readonly GdbRegister[] {
    this.description ??= parseTargetDescription(this.readDescription());
    if (this.description.length === 0) throw this.refused('describe its registers', '');
    return this.description;
  }

  /** The target description with its included files, in the order of the includes. */
  private readDescription(): string {
    const deadline = this.deadline();
    const wanted = ['target.xml'];
    const documents: string[] = [];
    for (let place = 0; place < Math.min(wanted.length, MOST_DOCUMENTS); place += 1) {
      const text = this.readDocument(deadline, wanted[place] ?? '');
      documents.push(text);
      for (const name of includedDocuments(text)) if (!wanted.includes(name)) wanted.push(name);
    }
    return documents.join('\n');
  }

  private readDocument(deadline: Deadline, name: string): string {
    const size = (this.packetSize - 8).toString(16);
    let text = '';
    for (;;) {
      const at = text.length.toString(16);
      const answer = this.requestWithin(deadline, `qXfer:features:read:${name}:${at},${size}`);
      const piece = answer.slice(1);
      if (!/^[ml]/.test(answer) || (answer.startsWith('m') && piece === '') || text.length > LARGEST_DOCUMENT)
        throw this.refused(`describe its registers (${name})`, answer);
      text += piece;
      if (answer.startsWith('l')) return text;
    }
  }

  private expectOk(text: string, what: string): void {
    const answer = this.request(text);
    if (answer !== 'OK') throw this.refused(what, answer);
  }

  private send(text: string, deadline = this.deadline()): void {
    const packet = encodeGdbPacket(text);
    this.packets.length = 0;
    this.acknowledged = 0;
    this.channel.write(this.owesAck ? Uint8Array.from([ACK, ...packet]) : packet);
    this.owesAck = false;
    if (!this.acknowledges) return;
    for (let attempt = 1; this.acknowledged <= 0; ) {
      if (!deadline.readsOn() || !this.receive(deadline.left))
        throw noAnswer(this.channel, commandOf(text), this.timeoutMs);
      // An answer also means that the packet has arrived.
      if (this.packets.length > 0) return;
      if (this.acknowledged >= 0) continue;
      if (attempt === ATTEMPTS)
        throw protocolBroken(
          this.channel,
          `rejected ${commandOf(text)} as damaged ${ATTEMPTS} times`,
          NOT_GDB,
        );
      attempt += 1;
      this.acknowledged = 0;
      this.channel.write(packet);
    }
  }

  private nextPacket(deadline: Deadline, to: string): string {
    for (;;) {
      const text = this.findPacket(deadline);
      if (text === undefined) throw noAnswer(this.channel, to, deadline.timeoutMs);
      // QEMU before 8.1 reports a stop whether or not it was asked for, also when a client connects anew.
      if (!/^[TS][0-9a-f]{2}/.test(text)) return text;
    }
  }

  private findPacket(deadline: Deadline): string | undefined {
    for (;;) {
      const text = this.packets.shift();
      if (text !== undefined) return text;
      if (!deadline.readsOn() || !this.receive(deadline.left)) return undefined;
    }
  }

  private receive(timeoutMs: number): boolean {
    const bytes = this.channel.read(timeoutMs);
    if (bytes === undefined) return false;
    for (const item of this.decoder.push(bytes)) {
      if (item.kind === 'packet') this.accept(item.text);
      else if (item.kind === 'damaged') this.askAgain(item.why);
      else this.acknowledged = item.kind === 'ack' ? 1 : -1;
    }
    return true;
  }

  private accept(text: string): void {
    this.damaged = 0;
    this.packets.push(text);
    // Sent with the next packet, which halves the traffic.
    this.owesAck = this.acknowledges;
  }

  private askAgain(why: string): void {
    this.damaged += 1;
    if (this.damaged >= ATTEMPTS || !this.acknowledges)
      throw protocolBroken(
        this.channel,
        `a packet ${why}`,
        'the connection damages data, or the peer is not a gdb stub',
      );
    this.channel.write(Uint8Array.of(NACK));
  }

  private refused(what: string, answer: string): OsiError {
    const said =
      answer === ''
        ? 'it does not support the command'
        : `it answered ${JSON.stringify(answer.slice(0, 60))}`;
    return new OsiError(
      'LIVE_COMMAND_FAILED',
      `${this.channel.name}: the gdb stub does not ${what}: ${said}`,
      {
        hint: 'use QEMU 4.1 or newer; other stubs may lack this command',
        fields: { source: this.channel.name, answer },
      },
    );
  }

  private ended(text: string): OsiError {
    return new OsiError(
      'LIVE_CONNECTION_LOST',
      `${this.channel.name}: the guest ended (${JSON.stringify(text.slice(0, 20))})`,
      {
        hint: 'start the guest again',
        fields: { source: this.channel.name },
      },
    );
  }
}

/** The registers with other names in QEMU. */
const NAMES: Readonly<Record<string, string>> = { eflags: 'rflags', k_gs_base: 'kernel_gs_base' };
