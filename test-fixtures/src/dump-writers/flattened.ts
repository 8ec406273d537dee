import { concatBytes } from './range-header';

/** A chunk of a flattened file: bytes, and where they belong. */
export interface FlatChunk {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

const HEADER_SIZE = 4096;

/** Writes chunks as a flattened file (makedumpfile IMPLEMENTATION, "Flattened format"); all numbers are big-endian. */
export function writeFlattened(
  chunks: readonly FlatChunk[],
  { end = true }: { readonly end?: boolean } = {},
): Uint8Array {
  const head = new Uint8Array(HEADER_SIZE);
  for (const [index, character] of [...'makedumpfile'].entries()) head[index] = character.charCodeAt(0);
  head.set(pair(1n, 1n), 16);
  const parts = chunks.flatMap(({ offset, bytes }) => [pair(BigInt(offset), BigInt(bytes.length)), bytes]);
  return concatBytes(end ? [head, ...parts, pair(-1n, -1n)] : [head, ...parts]);
}

/** Cuts a file into chunks of a size, in an order that is not the file's. */
export function flatChunks(file: Uint8Array, size: number): FlatChunk[] {
  const chunks: FlatChunk[] = [];
  for (let offset = 0; offset < file.length; offset += size)
    chunks.push({ offset, bytes: file.subarray(offset, offset + size) });
  return [...chunks.filter((_, index) => index % 2 === 1), ...chunks.filter((_, index) => index % 2 === 0)];
}

function pair(first: bigint, second: bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(16));
  view.setBigInt64(0, first);
  view.setBigInt64(8, second);
  return new Uint8Array(view.buffer);
}
