/** An item that the decoder found in the bytes of a gdb stub. */
export type GdbItem = GdbAcknowledgement | GdbPacket | GdbDamage;

/** The other side has a packet, or asks for it again. */
export interface GdbAcknowledgement {
  /** Which of them: `+` or `-`. */
  readonly kind: 'ack' | 'nack';
}

/** A whole packet, whose checksum is right. */
export interface GdbPacket {
  /** Always `packet`. */
  readonly kind: 'packet';
  /** Its text, one byte a character. */
  readonly text: string;
}

/** A packet that cannot be used. */
export interface GdbDamage {
  /** Always `damaged`. */
  readonly kind: 'damaged';
  /** Why, the end of a sentence. */
  readonly why: string;
}

const [DOLLAR, HASH, ESCAPE, REPEAT, PLUS, MINUS, PERCENT] = [0x24, 0x23, 0x7d, 0x2a, 0x2b, 0x2d, 0x25];
const LONGEST = 1024 * 1024;

/**
 * A packet of the gdb remote protocol (GDB manual, appendix E.1) around a text, one byte a character.
 *
 * @example
 * ```ts
 * String.fromCharCode(...encodeGdbPacket('OK')) // => '$OK#9a'
 * String.fromCharCode(...encodeGdbPacket('a#b')) // => '$a}\x03b#43'
 * ```
 */
export function encodeGdbPacket(text: string): Uint8Array {
  const body: number[] = [];
  for (const character of text) {
    const byte = character.charCodeAt(0) & 0xff;
    if (byte === DOLLAR || byte === HASH || byte === ESCAPE || byte === REPEAT)
      body.push(ESCAPE, byte ^ 0x20);
    else body.push(byte);
  }
  const sum = body.reduce((total, byte) => (total + byte) & 0xff, 0);
  const check = [...sum.toString(16).padStart(2, '0')].map((digit) => digit.charCodeAt(0));
  return Uint8Array.from([DOLLAR, ...body, HASH, ...check]);
}

/**
 * Takes the bytes of a gdb stub apart, in pieces of any size: acknowledgements, and packets with their
 * checksum compared, escapes undone and runs written out. Notifications (`%`) are left out.
 *
 * @example
 * ```ts
 * const decoder = new GdbPacketDecoder();
 * const bytes = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));
 * decoder.push(bytes('+$0* #7')) // => [{ kind: 'ack' }]
 * decoder.push(bytes('a')) // => [{ kind: 'packet', text: '0000' }]
 * ```
 */
export class GdbPacketDecoder {
  private body: number[] | undefined;
  private notification = false;
  private check: number[] | undefined;

  /** The items that these bytes complete, in their order. */
  push(bytes: Uint8Array): GdbItem[] {
    const items: GdbItem[] = [];
    for (const byte of bytes) {
      const item = this.take(byte);
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  private take(byte: number): GdbItem | undefined {
    if (this.check !== undefined) return this.takeCheck(this.check, byte);
    if (byte === DOLLAR || (byte === PERCENT && this.body === undefined)) {
      // A packet that another one begins in was cut; the stub sends it again where it is missed.
      this.body = [];
      this.notification = byte === PERCENT;
      return undefined;
    }
    if (this.body === undefined) return outside(byte);
    if (byte === HASH) this.check = [];
    else if (this.body.length < LONGEST) this.body.push(byte);
    else return this.end({ kind: 'damaged', why: `has more than ${LONGEST} bytes` });
    return undefined;
  }

  private takeCheck(check: number[], byte: number): GdbItem | undefined {
    check.push(byte);
    if (check.length < 2) return undefined;
    if (this.notification) return this.end(undefined);
    const body = this.body ?? [];
    const told = String.fromCharCode(...check);
    const sum = body.reduce((total, part) => (total + part) & 0xff, 0);
    if (!/^[0-9a-fA-F]{2}$/.test(told) || Number.parseInt(told, 16) !== sum) {
      const expected = sum.toString(16).padStart(2, '0');
      return this.end({
        kind: 'damaged',
        why: `has the checksum ${JSON.stringify(told)}, expected ${expected}`,
      });
    }
    const text = expand(body);
    return this.end(
      text === undefined
        ? { kind: 'damaged', why: 'has a run-length code without a character' }
        : { kind: 'packet', text },
    );
  }

  private end(item: GdbItem | undefined): GdbItem | undefined {
    this.body = undefined;
    this.check = undefined;
    return item;
  }
}

function outside(byte: number): GdbItem | undefined {
  if (byte === PLUS) return { kind: 'ack' };
  if (byte === MINUS) return { kind: 'nack' };
  return undefined;
}

/**
 * Undoes escapes and run lengths: `*` and a character repeat the character before them, 29 less than its
 * code.
 */
function expand(body: readonly number[]): string | undefined {
  const parts: string[] = [];
  let last: string | undefined;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at] ?? 0;
    if (byte === REPEAT) {
      const count = (body[at + 1] ?? 0) - 29;
      if (last === undefined || count < 1) return undefined;
      parts.push(last.repeat(count));
      at += 1;
    } else {
      const escaped = byte === ESCAPE;
      if (escaped) at += 1;
      last = String.fromCharCode(escaped ? (body[at] ?? 0) ^ 0x20 : byte);
      parts.push(last);
    }
  }
  return parts.join('');
}
