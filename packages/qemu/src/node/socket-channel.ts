import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { OsiError } from '@osi-linux/core';
import type { ByteChannel } from '../byte-channel';
import { type Clock, systemClock } from '../clock';
import { Deadline } from '../internal/deadline';

/** A socket to connect to: a path in the file system, or a host and a port. */
export type SocketTarget = SocketPath | HostAddress;

/** A socket of the file system. */
export interface SocketPath {
  /** Its path. */
  readonly path: string;
}

/** A socket of the network. */
export interface HostAddress {
  /** Name or address of the host. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
}

type Message =
  | { readonly kind: 'open' }
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'closed'; readonly code: string };

/** Bytes that wait to be taken before the socket is no longer read. */
const MOST_WAITING = 16 * 1024 * 1024;

// Places of the shared flags: how many messages were sent, and how many bytes wait.
const [SENT, WAITING] = [0, 1];

// A text, so that it is found wherever this file is bundled to.
const PROGRAM = `
const { workerData, parentPort } = require('node:worker_threads');
const { flags, messages, target, most } = workerData;
const shared = new Int32Array(flags);
function tell(message, transfer) {
  messages.postMessage(message, transfer);
  Atomics.add(shared, ${SENT}, 1);
  Atomics.notify(shared, ${SENT});
}
const socket = require('node:net').createConnection(target);
socket.setNoDelay(true);
let code = '';
socket.on('connect', () => tell({ kind: 'open' }));
socket.on('data', (data) => {
  const bytes = Uint8Array.from(data);
  if (Atomics.add(shared, ${WAITING}, bytes.length) + bytes.length > most) socket.pause();
  tell({ kind: 'data', bytes }, [bytes.buffer]);
});
socket.on('error', (error) => (code = String(error.code ?? error.message)));
socket.on('close', () => tell({ kind: 'closed', code }));
parentPort.on('message', (message) => (message === null ? socket.resume() : socket.write(message)));
`;

/**
 * Connects to a socket. A thread of its own reads it, so that this one can wait: by a clock, by default the machine's.
 *
 * @throws OsiError `LIVE_CONNECT_FAILED`, `LIVE_NO_ANSWER`.
 *
 * @example
 * ```ts
 * openSocketChannel({ path: '/no/such/socket' }, 60_000) // throws LIVE_CONNECT_FAILED
 * ```
 */
export function openSocketChannel(
  target: SocketTarget,
  timeoutMs: number,
  clock: Clock = systemClock,
): ByteChannel {
  const channel = new SocketChannel(target, clock);
  try {
    channel.connect(timeoutMs);
    return channel;
  } catch (error) {
    channel.close();
    throw error;
  }
}

class SocketChannel implements ByteChannel {
  readonly name: string;
  readonly clock: Clock;
  private readonly worker: Worker;
  private readonly messages: MessagePort;
  private readonly flags = new Int32Array(new SharedArrayBuffer(8));
  private open = false;
  private lost: OsiError | undefined;

  constructor(target: SocketTarget, clock: Clock) {
    this.clock = clock;
    this.name = 'path' in target ? target.path : `${target.host}:${target.port}`;
    const { port1, port2 } = new MessageChannel();
    this.messages = port1;
    this.worker = new Worker(PROGRAM, {
      eval: true,
      // Loaders of this process are of no use there, and cost a start each.
      execArgv: [],
      workerData: { flags: this.flags.buffer, messages: port2, target, most: MOST_WAITING },
      transferList: [port2],
    });
    this.worker.unref();
    // A thread that fails is detected by the missing answer.
    this.worker.on('error', () => this.close());
  }

  connect(timeoutMs: number): void {
    if (this.receive(timeoutMs) !== undefined || !this.open) {
      throw new OsiError('LIVE_NO_ANSWER', `${this.name}: no connection within ${timeoutMs} ms`, {
        hint: 'QEMU accepts one client at a time: close the other client, or check the address',
        fields: { source: this.name, timeoutMs },
      });
    }
  }

  write(bytes: Uint8Array): void {
    if (this.lost !== undefined) throw this.lost;
    this.worker.postMessage(bytes);
  }

  read(timeoutMs: number): Uint8Array | undefined {
    const bytes = this.receive(timeoutMs);
    if (bytes !== undefined) this.take(bytes.length);
    return bytes;
  }

  close(): void {
    this.lost ??= connectionLost(this.name, 'it was closed here');
    this.messages.close();
    void this.worker.terminate();
  }

  /** The next bytes; `undefined` after the time, and where the connection was just made. */
  private receive(timeoutMs: number): Uint8Array | undefined {
    const deadline = new Deadline(timeoutMs, this.clock);
    for (;;) {
      if (this.lost !== undefined) throw this.lost;
      const sent = Atomics.load(this.flags, SENT);
      const received = receiveMessageOnPort(this.messages) as { readonly message: Message } | undefined;
      if (received !== undefined) {
        if (received.message.kind === 'data') return received.message.bytes;
        this.note(received.message);
        if (this.lost === undefined) return undefined;
      } else if (deadline.left === 0) return undefined;
      else this.clock.sleep(this.flags, SENT, sent, deadline.left);
    }
  }

  private note(message: Exclude<Message, { readonly kind: 'data' }>): void {
    if (message.kind === 'open') this.open = true;
    else if (this.open) this.lost = connectionLost(this.name, message.code || 'QEMU closed it');
    else this.lost = connectFailed(this.name, message.code);
  }

  private take(length: number): void {
    const before = Atomics.sub(this.flags, WAITING, length);
    if (before > MOST_WAITING) this.worker.postMessage(null);
  }
}

function connectFailed(name: string, code: string): OsiError {
  const hint: Readonly<Record<string, string>> = {
    ENOENT: 'check the path; QEMU makes the socket when it starts with -qmp unix:PATH,server=on,wait=off',
    ECONNREFUSED: 'no process listens there: check that QEMU is running',
    EACCES: 'you have no permission to use this socket: run the command as the user of QEMU',
  };
  return new OsiError('LIVE_CONNECT_FAILED', `${name}: cannot connect (${code})`, {
    hint: hint[code] ?? 'check the address and that QEMU is running',
    fields: { source: name, code },
  });
}

function connectionLost(name: string, why: string): OsiError {
  return new OsiError('LIVE_CONNECTION_LOST', `${name}: the connection was lost (${why})`, {
    hint: 'QEMU ended, or the connection was closed: start again when the guest runs again',
    fields: { source: name },
  });
}
