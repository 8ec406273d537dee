/** One file of an archive. */
export interface CpioEntry {
  /** Path without a leading slash. */
  readonly path: string;
  /** File type and permissions, as `st_mode`: `0o100755`, `0o40755`, `0o120777`. */
  readonly mode: number;
  /** The contents; of a symbolic link its target. */
  readonly bytes: Uint8Array;
}

/** `st_mode` of what an initramfs needs. */
export const CPIO_MODE = { file: 0o100644, program: 0o100755, folder: 0o40755, link: 0o120777 } as const;

const TRAILER = 'TRAILER!!!';

/**
 * Writes an archive in the format that the kernel unpacks as its initramfs
 * (`newc`, Documentation/driver-api/early-userspace/buffer-format.rst): per file a header of 110 bytes of hex digits,
 * the name, and the contents, each padded to 4 bytes. All files belong to root and have the time 0.
 *
 * @example
 * ```ts
 * const archive = writeCpio([{ path: 'init', mode: CPIO_MODE.program, bytes: Uint8Array.of(1, 2, 3) }]);
 * [archive.length % 4, new TextDecoder().decode(archive.subarray(0, 6))] // => [0, '070701']
 * ```
 */
export function writeCpio(entries: readonly CpioEntry[]): Uint8Array {
  const trailer: CpioEntry = { path: TRAILER, mode: 0, bytes: new Uint8Array(0) };
  const chunks = [...entries, trailer].flatMap((entry, index) => {
    const name = Buffer.from(`${entry.path}\0`);
    return [padded(Buffer.concat([formatHeader(entry, index + 1, name.length), name])), padded(entry.bytes)];
  });
  return Buffer.concat(chunks);
}

function formatHeader({ mode, bytes }: CpioEntry, inode: number, nameLength: number): Buffer {
  const [uid, gid, links, time, devices, checksum] = [0, 0, 1, 0, [0, 0, 0, 0], 0];
  const fields = [inode, mode, uid, gid, links, time, bytes.length, ...devices, nameLength, checksum];
  return Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
}

function padded(bytes: Uint8Array): Uint8Array {
  const rest = bytes.length % 4;
  return rest === 0 ? bytes : Buffer.concat([bytes, new Uint8Array(4 - rest)]);
}
