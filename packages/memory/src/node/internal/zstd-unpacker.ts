import { PackingDamage } from '../../codecs/packing-damage';
import { type ReadBack, WindowOutput } from '../../codecs/zstd/window-output';
import { ZstdReader } from '../../codecs/zstd/zstd-reader';
import type { Unpacker } from './unpacker';

const PIECE = 64 * 1024;

/**
 * Unpacks Zstandard (RFC 8878) with a window of any size: bytes too far back to be kept in memory come from
 * `readBack`. docs/dependencies.md explains why neither Node's own decoder nor a library is used.
 */
export function zstdUnpacker(readBack?: ReadBack): Unpacker {
  let take: (bytes: Uint8Array) => void;
  const reader = new ZstdReader(new WindowOutput((bytes) => take(bytes), readBack));
  return {
    piece: PIECE,
    push: (piece, last, taker) => {
      take = taker;
      try {
        reader.push(piece);
      } catch (error) {
        if (!(error instanceof PackingDamage)) throw error;
        return error.message;
      }
      return last && !reader.complete ? 'unexpected end of file' : undefined;
    },
    close: () => {
      // Nothing is held open.
    },
  };
}
