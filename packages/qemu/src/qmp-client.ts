import { OsiError } from '@osi-linux/core';
import type { ByteChannel } from './byte-channel';
import { Deadline } from './internal/deadline';
import { noAnswer, protocolBroken } from './internal/live-errors';

/** An event that QEMU sent on its own. */
export interface QmpEvent {
  /** Its name: `STOP`, `RESUME`, `SHUTDOWN`. */
  readonly name: string;
  /** When it happened by QEMU's clock, in microseconds since 1970. */
  readonly timestamp: number;
}

/** A command of QMP with its arguments. */
export interface QmpCommand {
  /** Its name. */
  readonly execute: string;
  /** Its arguments by name; none where absent. */
  readonly arguments?: Readonly<Record<string, unknown>>;
}

type QmpMessage = Readonly<Record<string, unknown>>;

// The answer to `info mtree` of a large machine has some 100 KiB.
const LONGEST_LINE = 16 * 1024 * 1024;
const MOST_EVENTS = 1024;
const DEFAULT_TIMEOUT_MS = 10_000;
const NOT_QMP = 'give the socket of -qmp unix:PATH,server=on,wait=off';

/**
 * QEMU's machine protocol (QEMU `docs/interop/qmp-spec.txt`): one JSON object a line, with answers identified
 * by their id.
 *
 * @example
 * ```ts
 * const lines = ['{"QMP": {}}', '{"return": {}, "id": 1}', '{"return": {"running": true}, "id": 2}'];
 * const channel = {
 *   name: 'qmp',
 *   write: () => {},
 *   read: () => new TextEncoder().encode(`${lines.shift()}\n`),
 *   close: () => {},
 * };
 * QmpClient.open(channel).execute('query-status') // => { running: true }
 * ```
 */
export class QmpClient {
  private readonly channel: ByteChannel;
  private readonly decoder = new TextDecoder();
  private readonly timeoutMs: number;
  /** Lines to be taken, the first one last. */
  private lines: string[] = [];
  /** The pieces of the line whose end has not come. */
  private begun: string[] = [];
  private begunLength = 0;
  private next = 1;
  private events: QmpEvent[] = [];

  private constructor(channel: ByteChannel, timeoutMs: number) {
    this.channel = channel;
    this.timeoutMs = timeoutMs;
  }

  /**
   * Takes the greeting and asks for no capabilities. `timeoutMs` bounds each answer.
   *
   * @throws OsiError `LIVE_NO_ANSWER` where another client has the monitor, `LIVE_PROTOCOL` where it is no monitor,
   * `LIVE_CONNECT_FAILED`, `LIVE_CONNECTION_LOST`.
   */
  static open(channel: ByteChannel, timeoutMs: number = DEFAULT_TIMEOUT_MS): QmpClient {
    const client = new QmpClient(channel, timeoutMs);
    const deadline = new Deadline(timeoutMs, channel.clock);
    const greeting = client.nextMessage(deadline, 'the connection');
    if (typeof greeting['QMP'] !== 'object') throw protocolBroken(channel, 'sends no QMP greeting', NOT_QMP);
    client.execute('qmp_capabilities');
    return client;
  }

  /**
   * Runs a command and waits for its answer.
   *
   * @throws OsiError `LIVE_COMMAND_FAILED` with QEMU's own text, `LIVE_NO_ANSWER`, `LIVE_PROTOCOL`,
   * `LIVE_CONNECTION_LOST`.
   */
  execute(command: string, args?: Readonly<Record<string, unknown>>): unknown {
    const [answer] = this.executeAll([
      { execute: command, ...(args === undefined ? {} : { arguments: args }) },
    ]);
    if (OsiError.is(answer)) throw answer;
    return answer;
  }

  /**
   * Sends several commands at once and waits for all answers, which are in the same order: the result of a
   * command, or the OsiError `LIVE_COMMAND_FAILED`.
   *
   * @throws OsiError `LIVE_NO_ANSWER`, `LIVE_PROTOCOL`, `LIVE_CONNECTION_LOST`.
   */
  executeAll(commands: readonly QmpCommand[]): unknown[] {
    const first = this.next;
    this.next += commands.length;
    const lines = commands.map((command, index) => `${JSON.stringify({ ...command, id: first + index })}\n`);
    this.channel.write(new TextEncoder().encode(lines.join('')));
    const answers: unknown[] = new Array(commands.length).fill(undefined);
    let deadline = new Deadline(this.timeoutMs, this.channel.clock);
    for (let missing = commands.length; missing > 0; ) {
      const message = this.nextMessage(deadline, commands[0]?.execute ?? 'a command');
      const place = typeof message['id'] === 'number' ? message['id'] - first : -1;
      const command = commands[place];
      // Answers to commands that were given up, and lines that are not answers.
      if (command === undefined || !('return' in message || 'error' in message)) continue;
      answers[place] = 'return' in message ? message['return'] : this.refused(command, message['error']);
      missing -= 1;
      deadline = new Deadline(this.timeoutMs, this.channel.clock);
    }
    return answers;
  }

  /** Runs a command of the human monitor; returns its output. @throws OsiError as {@link execute}. */
  monitor(commandLine: string): string {
    return String(this.execute('human-monitor-command', { 'command-line': commandLine }));
  }

  /** The events that came since the last call, after waiting `timeoutMs` for one if there is none yet. */
  takeEvents(timeoutMs = 0): readonly QmpEvent[] {
    const deadline = new Deadline(timeoutMs, this.channel.clock);
    // Lines that have arrived are taken even if the wait is zero.
    while (
      this.takeLine() ||
      (this.events.length === 0 && deadline.readsOn() && this.receive(deadline.left))
    );
    const taken = this.events;
    this.events = [];
    return taken;
  }

  /** Lets go of the monitor, which then takes another client. */
  close(): void {
    this.channel.close();
  }

  private refused(command: QmpCommand, error: unknown): OsiError {
    const { desc } = (typeof error === 'object' && error !== null ? error : {}) as { desc?: unknown };
    return new OsiError(
      'LIVE_COMMAND_FAILED',
      `${this.channel.name}: QMP ${command.execute}: ${String(desc)}`,
      {
        hint: "this is QEMU's own message; see its manual for the command",
        fields: { source: this.channel.name, command: command.execute },
      },
    );
  }

  private nextMessage(deadline: Deadline, to: string): QmpMessage {
    for (;;) {
      const message = this.shiftMessage();
      if (message !== undefined && !this.keepEvent(message)) return message;
      if (message === undefined && !(deadline.readsOn() && this.receive(deadline.left)))
        throw noAnswer(this.channel, to, deadline.timeoutMs);
    }
  }

  /** Takes one line off the received text, into the events if it is one. */
  private takeLine(): boolean {
    const message = this.shiftMessage();
    if (message !== undefined) this.keepEvent(message);
    return message !== undefined;
  }

  private keepEvent(message: QmpMessage): boolean {
    const name = message['event'];
    if (typeof name !== 'string') return false;
    const { seconds, microseconds } = (message['timestamp'] ?? {}) as Readonly<Record<string, unknown>>;
    this.events.push({ name, timestamp: Number(seconds) * 1e6 + Number(microseconds) });
    if (this.events.length > MOST_EVENTS) this.events.shift();
    return true;
  }

  private shiftMessage(): QmpMessage | undefined {
    const line = this.lines.pop();
    if (line === undefined) return undefined;
    const message = parseObject(line);
    if (message === undefined)
      throw protocolBroken(
        this.channel,
        `expected a JSON object, received ${JSON.stringify(line.slice(0, 60))}`,
        NOT_QMP,
      );
    return message;
  }

  /** Called when all lines were taken. */
  private receive(timeoutMs: number): boolean {
    const bytes = this.channel.read(timeoutMs);
    if (bytes === undefined) return false;
    const [head = '', ...more] = this.decoder.decode(bytes, { stream: true }).split('\n');
    this.begun.push(head);
    this.begunLength += head.length;
    if (this.begunLength > LONGEST_LINE)
      throw protocolBroken(this.channel, `a line has more than ${LONGEST_LINE} characters`, NOT_QMP);
    const tail = more.pop();
    if (tail === undefined) return true;
    this.lines = [this.begun.join(''), ...more].filter((line) => line.trim() !== '').reverse();
    this.begun = [tail];
    this.begunLength = tail.length;
    return true;
  }
}

function parseObject(line: string): QmpMessage | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as QmpMessage) : undefined;
  } catch {
    // The caller reports the line.
    return undefined;
  }
}
