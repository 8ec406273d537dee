import { FakeChannel, type Said } from './fake-channel';

/** How a stub differs from QEMU's. */
export interface FakeGdbStubSpec {
  /** Bytes of a packet. */
  readonly packetSize?: number;
  /** Whether it offers to leave out acknowledgements. */
  readonly noAck?: boolean;
  /** Its target description, by document. */
  readonly documents?: Readonly<Record<string, string>>;
  /** Its answer to `g`, in hex. */
  readonly registers?: string;
}

/**
 * A gdb stub (GDB manual, appendix E) over 64 KiB of memory, where every byte is the low byte of its address.
 */
export class FakeGdbStub {
  readonly channel: FakeChannel;
  /** The packets that came, without their frames. */
  readonly packets: string[] = [];
  readonly breakpoints = new Set<string>();
  isRunning = false;
  physical = false;
  /** How many of the next packets arrive damaged. */
  damage = 0;
  /** The bytes to send instead of an answer, by the beginning of the packet. */
  readonly faults = new Map<string, Said>();
  private acks = true;
  private last = '';
  private readonly spec: FakeGdbStubSpec;

  constructor(spec: FakeGdbStubSpec = {}) {
    this.spec = spec;
    this.channel = new FakeChannel((text) => this.hear(text));
  }

  /** A packet around a text, as the stub sends it. */
  static frame(text: string): string {
    let sum = 0;
    for (const character of text) sum = (sum + character.charCodeAt(0)) % 256;
    return `$${text}#${sum.toString(16).padStart(2, '0')}`;
  }

  /** A processor comes to a breakpoint. */
  hit(thread: number): void {
    this.isRunning = false;
    this.channel.say(FakeGdbStub.frame(`T05thread:0${thread};`));
  }

  private hear(text: string): Said {
    if (text === '\x03') {
      this.isRunning = false;
      return [FakeGdbStub.frame('T02thread:01;')];
    }
    if (text === '-') return [this.last];
    const packet = /^\+?\$(.*)#[0-9a-f]{2}$/s.exec(text)?.[1];
    if (packet === undefined) return [];
    this.packets.push(packet);
    const fault = [...this.faults].find(([start]) => packet.startsWith(start))?.[1];
    if (fault !== undefined) return fault;
    const ack = this.acks ? '+' : '';
    const answer = this.answer(packet);
    if (answer === undefined) return [ack];
    this.last = FakeGdbStub.frame(answer);
    if (this.damage === 0) return [ack + this.last];
    this.damage -= 1;
    const damaged = `${this.last.slice(0, -1)}${this.last.endsWith('0') ? '1' : '0'}`;
    return [ack + damaged];
  }

  /** The answer; `undefined` if it comes when the guest stands again. */
  private answer(packet: string): string | undefined {
    if (packet.startsWith('qSupported')) {
      const size = (this.spec.packetSize ?? 4096).toString(16);
      return `PacketSize=${size};qXfer:features:read+${this.spec.noAck ? ';QStartNoAckMode+' : ''}`;
    }
    if (packet === 'QStartNoAckMode') {
      this.acks = false;
      return 'OK';
    }
    if (packet.startsWith('vCont;c')) {
      this.isRunning = true;
      return undefined;
    }
    if (packet.startsWith('vCont;s:')) return `T05thread:0${packet.slice(8)};`;
    return this.answerStanding(packet);
  }

  private answerStanding(packet: string): string {
    const [, address = '', length = ''] = /^m([0-9a-f]+),([0-9a-f]+)$/.exec(packet) ?? [];
    if (length !== '') return this.memory(Number.parseInt(address, 16), Number.parseInt(length, 16));
    if (packet === 'qfThreadInfo') return 'm01';
    if (packet === 'qsThreadInfo') return this.packets.at(-2) === 'qfThreadInfo' ? 'm02' : 'l';
    if (packet === 'g') return this.spec.registers ?? '';
    if (packet.startsWith('qXfer:features:read:')) return this.document(packet);
    if (packet === 'qqemu.PhyMemMode') return this.physical ? '1' : '0';
    if (packet.startsWith('Qqemu.PhyMemMode:')) this.physical = packet.endsWith('1');
    else if (packet.startsWith('Z1,')) this.breakpoints.add(packet.slice(3));
    else if (packet.startsWith('z1,')) this.breakpoints.delete(packet.slice(3));
    else if (packet === 'D') this.isRunning = true;
    else if (!packet.startsWith('Hg')) return '';
    return 'OK';
  }

  private memory(address: number, length: number): string {
    if (address + length > 65_536) return 'E14';
    // As QEMU: an answer that does not fit into a packet is an error.
    if (length * 2 > (this.spec.packetSize ?? 4096)) return 'E22';
    return Buffer.from(Array.from({ length }, (_, at) => (address + at) % 256)).toString('hex');
  }

  private document(packet: string): string {
    const [, name = '', offset = '', length = ''] =
      /read:([^:]*):([0-9a-f]+),([0-9a-f]+)$/.exec(packet) ?? [];
    const text = this.spec.documents?.[name];
    if (text === undefined) return 'E00';
    const [from, size] = [Number.parseInt(offset, 16), Number.parseInt(length, 16)];
    return `${from + size >= text.length ? 'l' : 'm'}${text.slice(from, from + size)}`;
  }
}
