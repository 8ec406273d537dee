import { FakeChannel, type Said } from './fake-channel';

interface Command {
  readonly execute: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly id: number;
}

/** A QMP monitor (QEMU docs/interop/qmp-spec.txt) over a machine that only runs or stands. */
export class FakeMonitor {
  readonly channel: FakeChannel;
  /** The commands that came, without the greeting's. */
  readonly commands: string[] = [];
  isRunning = true;
  /** The state of the machine while it stands. */
  idle = 'paused';
  /** The reaction in place of the answer to a command, by its name. */
  readonly faults = new Map<string, Said>();

  constructor() {
    const greeting = `${JSON.stringify({ QMP: { version: {}, capabilities: ['oob'] } })}\r\n`;
    this.channel = new FakeChannel((text) => this.hear(text), [greeting]);
  }

  /** The machine stands for a reason of its own. */
  pause(): void {
    this.isRunning = false;
    this.channel.say(this.event('STOP'));
  }

  private hear(text: string): Said {
    return text
      .trimEnd()
      .split('\n')
      .flatMap((line) => this.perform(JSON.parse(line) as Command));
  }

  private perform({ execute, id }: Command): Said {
    if (execute !== 'qmp_capabilities') this.commands.push(execute);
    const fault = this.faults.get(execute);
    if (fault !== undefined) return fault;
    const done = `${JSON.stringify({ return: {}, id })}\r\n`;
    if (execute === 'qmp_capabilities') return [done];
    if (execute === 'query-status') {
      const status = { running: this.isRunning, status: this.isRunning ? 'running' : this.idle };
      return [`${JSON.stringify({ return: status, id })}\r\n`];
    }
    if (execute === 'stop' || execute === 'cont') {
      this.isRunning = execute === 'cont';
      return [this.event(execute === 'stop' ? 'STOP' : 'RESUME'), done];
    }
    const desc = `The command ${execute} has not been found`;
    return [`${JSON.stringify({ id, error: { class: 'CommandNotFound', desc } })}\r\n`];
  }

  private event(name: string): string {
    return `${JSON.stringify({ timestamp: { seconds: 1_795_376_240, microseconds: 117_311 }, event: name })}\r\n`;
  }
}
