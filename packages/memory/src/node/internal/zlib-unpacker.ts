import { SyncWorker } from './sync-worker';
import type { Unpacker } from './unpacker';

// Node's own stream is asynchronous, and several times as fast as plain JavaScript.
const program = (create: 'createGunzip' | 'createInflate'): string => `
const stream = require('node:zlib').${create}({ chunkSize: 64 * 1024 });
let parts = [];
let damage;
let wake;
stream.on('data', (part) => parts.push(part));
stream.on('error', (error) => (damage ??= error.message));
let ended = false;
// Behind the last member there may be anything; the stream ends there, and calls nobody back.
for (const event of ['end', 'close']) {
  stream.on(event, () => {
    ended = true;
    wake();
  });
}
async function handle({ piece, last }) {
  await new Promise((resolve) => {
    wake = resolve;
    if (ended) return resolve();
    if (last) stream.end(piece);
    else stream.write(piece, resolve);
  });
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  parts = [];
  return { bytes, damage };
}
`;

// A piece takes milliseconds; a minute without an answer is a worker that died.
const LONGEST = 60_000;

// The unpacked bytes of a piece are in memory at once: up to 1032 times as much, 64 MiB.
const PIECE = 64 * 1024;

/** Unpacks gzip (RFC 1952) with zlib, which compares the checksums. */
export const gzipUnpacker = (): Unpacker => unpackerOf(program('createGunzip'));

/** Unpacks a zlib stream (RFC 1950), its checksum included. */
export const inflateUnpacker = (): Unpacker => unpackerOf(program('createInflate'));

function unpackerOf(code: string): Unpacker {
  const worker = new SyncWorker<{ piece: Uint8Array; last: boolean }, { bytes: Uint8Array; damage?: string }>(
    code,
  );
  return {
    piece: PIECE,
    push: (piece, last, take) => {
      const answer = worker.ask({ piece, last }, LONGEST);
      if ('failure' in answer) return answer.failure.message;
      take(answer.value.bytes);
      return answer.value.damage;
    },
    close: () => worker.close(),
  };
}
