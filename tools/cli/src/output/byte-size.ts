const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** A number of bytes for people, in the largest binary unit that divides it: `4080 bytes`, `4 KiB`, `512 GiB`. */
export function formatByteSize(bytes: bigint): string {
  let [size, unit] = [bytes, 0];
  while (size >= 1024n && size % 1024n === 0n && unit < UNITS.length - 1) {
    size /= 1024n;
    unit += 1;
  }
  return size === 1n && unit === 0 ? '1 byte' : `${size} ${UNITS[unit]}`;
}
