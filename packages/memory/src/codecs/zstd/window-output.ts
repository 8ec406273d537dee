import type { FrameHeader } from './frame-header';
import { ZstdOutput } from './output';
import { LARGEST_BLOCK } from './padded-bytes';

/** The bytes further back than those in memory, by their place in all that was handed on. */
export type ReadBack = (position: number, into: Uint8Array) => void;

/** Most bytes of a frame's window that are kept in memory. */
export const MOST_KEPT = 32 * 1024 * 1024;

// A quarter more than is kept, so that not every block moves it all.
const LEAST_SPARE = 2 * 1024 * 1024;

/**
 * Hands on the output of every block, and keeps as much of it as the frame may copy from, up to `MOST_KEPT`.
 */
export class WindowOutput extends ZstdOutput {
  bytes = new Uint8Array(0);
  private kept = 0;
  private window = 0;
  /** Bytes of the frame that are in `bytes` no more. */
  private gone = 0;
  /** Bytes that were handed on. */
  private total = 0;
  private handedOn = 0;
  private readonly take: (bytes: Uint8Array) => void;
  private readonly readBack: ReadBack | undefined;

  /** The bytes given to `take` change with the next block. */
  constructor(take: (bytes: Uint8Array) => void, readBack?: ReadBack) {
    super();
    this.take = take;
    this.readBack = readBack;
  }

  override beginFrame({ window }: FrameHeader): void {
    this.window = window;
    this.kept = Math.min(window, MOST_KEPT);
    [this.at, this.gone, this.handedOn] = [0, 0, 0];
  }

  override get frameSize(): number {
    return this.gone + this.at;
  }

  override reserve(length: number): void {
    if (this.at + length <= this.bytes.length) return;
    const kept = Math.min(this.at, this.kept);
    const most = this.kept + Math.max(this.kept >> 2, LEAST_SPARE);
    const from = this.bytes.subarray(this.at - kept, this.at);
    if (this.bytes.length < most) this.bytes = new Uint8Array(Math.min(most, 2 * kept + 4 * LARGEST_BLOCK));
    this.bytes.set(from);
    this.gone += this.at - kept;
    [this.at, this.handedOn] = [kept, kept];
  }

  override endBlock(): void {
    this.take(this.bytes.subarray(this.handedOn, this.at));
    this.total += this.at - this.handedOn;
    this.handedOn = this.at;
  }

  override copyFar(offset: number, length: number): void {
    if (offset > Math.min(this.window, this.frameSize) || this.readBack === undefined) {
      super.copyFar(offset, length);
    }
    // The frame ends at `total`, plus the part of this block that is not handed on yet.
    const position = this.total + (this.at - this.handedOn) - offset;
    this.readBack?.(position, this.bytes.subarray(this.at, this.at + length));
  }
}
