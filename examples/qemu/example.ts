// What is said to a gdb stub, and how its answer is read, whatever pieces it comes in.
import { encodeGdbPacket, GdbPacketDecoder } from '@osi-linux/qemu';

const text = (bytes: Uint8Array) => String.fromCharCode(...bytes);
const bytes = (characters: string) => Uint8Array.from(characters, (character) => character.charCodeAt(0));

export function run(): string[] {
  const decoder = new GdbPacketDecoder();
  const answers = ['+$0* ', '#7a'].flatMap((piece) => decoder.push(bytes(piece)));
  return [text(encodeGdbPacket('m1000,4')), ...answers.map((item) => JSON.stringify(item))];
}
