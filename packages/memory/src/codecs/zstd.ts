import { PackingDamage } from './packing-damage';
import { FixedOutput, GrowingOutput } from './zstd/output';
import { ZstdReader } from './zstd/zstd-reader';

/** Made with the first page, and used for every one: its tables are as large as forty pages. */
let pages: ZstdReader | undefined;

/** One page in Zstandard (RFC 8878), without a dictionary. */
export function decompressZstd(block: Uint8Array, into: Uint8Array): boolean {
  const output = new FixedOutput(into);
  pages ??= new ZstdReader(output);
  pages.reset(output);
  try {
    pages.push(block);
  } catch (error) {
    if (!(error instanceof PackingDamage)) throw error;
    return false;
  }
  return pages.complete && output.at === into.length;
}

/**
 * Undoes Zstandard (RFC 8878), one frame or several, at once: the output so far is the window, however large
 * it was for the writer.
 *
 * @throws PackingDamage
 */
export function decompressZstdFrames(bytes: Uint8Array, most: number): Uint8Array {
  const output = new GrowingOutput(8 * bytes.length, most);
  const reader = new ZstdReader(output);
  reader.push(bytes);
  if (!reader.complete) throw new PackingDamage('unexpected end of file');
  return output.finish();
}
