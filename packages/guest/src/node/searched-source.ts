import type { ByteSource } from '@osi-linux/memory';

/** How far the search through a large source has come. */
export interface SearchProgress {
  /** The name of the source. */
  readonly name: string;
  /** Bytes of the source. */
  readonly size: number;
  /** Bytes that were read for searches, of which there may be several: it may come to more than `size`. */
  readonly searched: number;
}

/** What is read in a few seconds is not reported. */
const FIRST = 8 * 1024 ** 3;
/** Searches read at least so many bytes at a time, listings pages of 4 KiB. */
const STRETCH = 64 * 1024;

/** A source that reports how much of it was searched: at 8 GiB, and whenever that has doubled. */
export function searchedSource(
  source: ByteSource,
  onSearch: (progress: SearchProgress) => void,
  first = FIRST,
): ByteSource {
  if (source.size < first) return source;
  const { name, size } = source;
  let searched = 0;
  let next = first;
  return {
    name,
    size,
    get extents() {
      return source.extents;
    },
    read: (position, into) => {
      if (into.length >= STRETCH) {
        searched += into.length;
        if (searched >= next) {
          next *= 2;
          onSearch({ name, size, searched });
        }
      }
      return source.read(position, into);
    },
    close: () => source.close(),
    ...(source.beside === undefined ? {} : { beside: source.beside.bind(source) }),
  };
}
