/** Undoes a compression piece by piece. */
export interface Unpacker {
  /** Bytes of a piece, so that its unpacked bytes fit into memory. */
  readonly piece: number;
  /** Hands on the unpacked bytes of a piece, and returns its fault, after which there is no more. */
  push(piece: Uint8Array, last: boolean, take: (bytes: Uint8Array) => void): string | undefined;
  close(): void;
}
