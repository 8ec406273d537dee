import { OsiError } from '@osi-linux/core';

/** The answer of the other end to some bytes: pieces that arrive one by one, or `cut` where it hangs up. */
export type Said = readonly (string | 'cut')[];

/** A connection within the process: a function answers the sent bytes, one byte a character. */
export class FakeChannel {
  readonly name = 'fake';
  /** The sent bytes, in their order. */
  readonly sent: string[] = [];
  /** How often something was waited for that did not come. */
  timeouts = 0;
  isClosed = false;
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
