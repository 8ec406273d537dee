/** Undoes a compression piece by piece. */
export interface Unpacker {
  /** Bytes of a piece, so that what it comes to fits into memory. */
  readonly piece: number;
  /** Hands on what a piece comes to, and returns what is wrong with it, after which there is no more. */
  push(piece: Uint8Array, last: boolean, take: (bytes: Uint8Array) => void): string | undefined;
  close(): void;
}
