import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeGdbPacket, type GdbItem, GdbPacketDecoder } from './gdb-packet';

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const items = (text: string) => new GdbPacketDecoder().push(bytes(text));
const packet = (text: string): GdbItem => ({ kind: 'packet', text });

describe('encodeGdbPacket', () => {
  it.each([
    ['', '$#00'],
    ['OK', '$OK#9a'],
    ['m1000,10', '$m1000,10#bb'],
    ['$#}*', '$}\x04}\x03}]}\n#62'],
  ])('frames %j', (text, framed) => {
    expect(String.fromCharCode(...encodeGdbPacket(text))).toBe(framed);
  });

  it('is undone by the decoder, in whatever pieces it comes', () => {
    const byteText = fc.uint8Array({ maxLength: 200 }).map((array) => String.fromCharCode(...array));
    fc.assert(
      fc.property(byteText, fc.integer({ min: 1, max: 7 }), (text, size) => {
        const decoder = new GdbPacketDecoder();
        const framed = encodeGdbPacket(text);
        const found: GdbItem[] = [];
        for (let at = 0; at < framed.length; at += size)
          found.push(...decoder.push(framed.subarray(at, at + size)));
        expect(found).toEqual([packet(text)]);
      }),
    );
  });
});

describe('GdbPacketDecoder', () => {
  it('tells acknowledgements from packets', () => {
    expect(items('+-+$OK#9a')).toEqual([{ kind: 'ack' }, { kind: 'nack' }, { kind: 'ack' }, packet('OK')]);
  });

  it('writes runs out (GDB manual: "0* " is four zeros)', () => {
    expect(items('$0* #7a')).toEqual([packet('0000')]);
    expect(items('$ab*"#0f')).toEqual([packet('abbbbbb')]);
  });

  it.each([
    ['$OK#9b', 'has the checksum "9b", expected 9a'],
    ['$OK#zz', 'has the checksum "zz", expected 9a'],
    ['$* #4a', 'has a run-length code without a character'],
  ])('names what is wrong with %j', (text, why) => {
    expect(items(text)).toEqual([{ kind: 'damaged', why }]);
  });

  it('takes a packet anew where another one begins, and leaves notifications out', () => {
    expect(items('$cut off$OK#9a%Stop:T05#99%Stop:T05#00$OK#9a')).toEqual([packet('OK'), packet('OK')]);
  });

  it('takes any bytes, with at most one item for each', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (any) => {
        expect(new GdbPacketDecoder().push(any).length).toBeLessThanOrEqual(any.length);
      }),
    );
  });

  it('gives up a packet that never ends', () => {
    const found = items(`$${'x'.repeat(1024 * 1024 + 1)}`);
    expect(found.map(({ kind }) => kind)).toEqual(['damaged']);
  });
});
