import type { Clock } from './clock';

/** Bytes to and from a peer, synchronously: the connection of a protocol client. */
export interface ByteChannel {
  /** Its name in messages: the path of a socket, or host and port. */
  readonly name: string;
  /** The clock that times the waits of `read`; that of the machine if `undefined`. */
  readonly clock?: Clock | undefined;
  /**
   * Sends bytes, without waiting until they arrive.
   *
   * @throws OsiError `LIVE_CONNECTION_LOST`, `LIVE_CONNECT_FAILED`.
   */
  write(bytes: Uint8Array): void;
  /**
   * Waits for the next bytes, at most this many milliseconds; `undefined` if none came.
   *
   * @throws OsiError `LIVE_CONNECTION_LOST` once the peer has gone, `LIVE_CONNECT_FAILED` where there was none.
   */
  read(timeoutMs: number): Uint8Array | undefined;
  /** Lets go of the connection. */
  close(): void;
}
