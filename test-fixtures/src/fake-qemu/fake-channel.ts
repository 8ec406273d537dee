import { OsiError } from '@osi-linux/core';

/** The answer of the other end to some bytes: pieces that arrive one by one, or `cut` where it hangs up. */
export type Said = readonly (string | 'cut')[];

/** Pieces of a flood after which a client that still reads is taken to hang. */
const MOST_FLOODED = 100_000;

/** A connection within the process: a function answers the sent bytes, one byte a character. */
export class FakeChannel {
  readonly name = 'fake';
  /** The sent bytes, in their order. */
  readonly sent: string[] = [];
  /** How often something was waited for that did not come. */
  timeouts = 0;
  isClosed = false;
  /** The bytes that the other end sends without an end, a piece each millisecond of the clock, if it has nothing else to say. */
  flood: string | undefined;
  /** A clock that passes only by the flood. */
  readonly clock = { now: () => this.flooded, sleep: () => undefined };
  private flooded = 0;
  private readonly waiting: string[];
  private readonly answer: (sent: string) => Said;

  constructor(answer: (sent: string) => Said, greeting: Said = []) {
    this.answer = answer;
    this.waiting = [...greeting];
  }

  write(bytes: Uint8Array): void {
    const text = String.fromCharCode(...bytes);
    this.sent.push(text);
    this.say(...this.answer(text));
  }

  read(): Uint8Array | undefined {
    const text = this.waiting.shift();
    if (text === undefined && this.flood !== undefined) {
      this.flooded += 1;
      if (this.flooded > MOST_FLOODED) throw new Error(`still reading after ${MOST_FLOODED} pieces`);
      return Buffer.from(this.flood, 'latin1');
    }
    if (text === undefined) {
      this.timeouts += 1;
      return undefined;
    }
    if (text === 'cut') {
      this.waiting.unshift('cut');
      throw new OsiError('LIVE_CONNECTION_LOST', 'fake: the connection is gone');
    }
    return Buffer.from(text, 'latin1');
  }

  /** The other end sends bytes on its own. */
  say(...said: Said): void {
    this.waiting.push(...said);
  }

  close(): void {
    this.isClosed = true;
  }
}
