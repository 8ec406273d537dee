import { existsSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { OsiError } from '@osi-linux/core';

interface Waiting {
  readonly command: string;
  resolve(value: unknown): void;
  reject(error: OsiError): void;
}

interface Answer {
  readonly id?: number;
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
}

/**
 * QEMU's machine protocol over a unix socket: one JSON object a line, with answers identified by their id.
 */
export class QmpClient {
  private readonly waiting = new Map<number, Waiting>();
  private text = '';
  private next = 1;

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => this.receive(chunk));
    socket.on('error', () => this.fail('the connection broke'));
    socket.on('close', () => this.fail('QEMU closed the connection'));
  }

  /** Connects as soon as QEMU has made its socket. */
  static async connect(path: string, timeoutMs = 10_000): Promise<QmpClient> {
    for (let waited = 0; !existsSync(path); waited += 20) {
      if (waited > timeoutMs) throw qmpFailed('connect', `no socket at ${path}`);
      await sleep(20);
    }
    const socket = await connectSocket(path, timeoutMs);
    const client = new QmpClient(socket);
    await client.execute('qmp_capabilities');
    return client;
  }

  /**
   * Runs a command and waits for its answer.
   *
   * @throws OsiError `GUEST_QMP_FAILED` with QEMU's own text.
   */
  execute(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { command, resolve, reject });
      this.socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    });
  }

  /** Runs a command of the human monitor; returns its output. */
  async monitor(commandLine: string): Promise<string> {
    return String(await this.execute('human-monitor-command', { 'command-line': commandLine }));
  }

  /** Closes the connection. */
  close(): void {
    this.socket.destroy();
  }

  private receive(chunk: string): void {
    const lines = (this.text + chunk).split('\n');
    this.text = lines.pop() ?? '';
    for (const line of lines) this.answer(JSON.parse(line) as Answer);
  }

  private answer({ id, error, ...answer }: Answer): void {
    const waiting = id === undefined ? undefined : this.waiting.get(id);
    if (id === undefined || waiting === undefined) return;
    this.waiting.delete(id);
    if (error === undefined) waiting.resolve(answer.return);
    else waiting.reject(qmpFailed(waiting.command, error.desc));
  }

  private fail(why: string): void {
    for (const { command, reject } of this.waiting.values()) reject(qmpFailed(command, why));
    this.waiting.clear();
  }
}

/** QEMU's socket is in its folder a moment before it listens. */
async function connectSocket(path: string, timeoutMs: number): Promise<Socket> {
  for (let waited = 0; ; waited += 20) {
    const socket = createConnection(path);
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      socket.once('connect', () => resolve(undefined));
      socket.once('error', resolve);
    });
    if (error === undefined) return socket;
    if (error.code !== 'ECONNREFUSED' || waited > timeoutMs) throw qmpFailed('connect', error.message);
    await sleep(20);
  }
}

function qmpFailed(command: string, why: string): OsiError {
  return new OsiError('GUEST_QMP_FAILED', `QMP ${command}: ${why}`, {
    hint: "look at the guest's console.log",
    fields: { command },
  });
}
