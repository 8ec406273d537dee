/** A file, read in parts. */
export interface FileBytes {
  /** Bytes of the file. */
  readonly size: number;
  /** Fills `into` from a position of the file; returns how many bytes there were. */
  read(position: number, into: Uint8Array): number;
}
