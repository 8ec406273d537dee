import { linesOf, textOf } from './internal/guest-text';
import { malformed } from './internal/malformed';
import { socketFamily, socketType } from './internal/socket-names';
import { formatInet6 } from './internal/socket-text';

/** The answer of a socket that was asked itself. */
export interface AskedSocket {
  readonly pid: number;
  readonly fd: number;
  readonly family: string;
  readonly type: string | undefined;
  /** Null where it has none that a row shows. */
  readonly local: string | null;
  readonly remote: string | null;
}

const LINE = /^(\d+) (\d+) (-?\d+) (-?\d+) (-?\d+) (-?\d+) ([0-9a-f]*|-) ([0-9a-f]*|-)$/;
const PATH = 2;

/**
 * Reads the collector's `/run/sockets`: a line `pid fd domain type protocol accepting local remote` for each socket;
 * the last two are the bytes of `struct sockaddr`, in the byte order of the guest, as hex digits.
 *
 * @throws OsiError `TRUTH_MALFORMED`
 *
 * @example
 * ```ts
 * parseAskedSockets(Uint8Array.from(Buffer.from('7 3 1 2 0 0 01002f61 -\n')))
 * // => [{ pid: 7, fd: 3, family: 'unix', type: 'dgram', local: '/a', remote: null }]
 * ```
 */
export function parseAskedSockets(bytes: Uint8Array): AskedSocket[] {
  return linesOf(bytes).map((line) => {
    const match = LINE.exec(line);
    if (match === null) throw malformed('/run/sockets has a line of another form', line);
    const [, pid, fd, domain, type, , , local = '', remote = ''] = match;
    const family = socketFamily(Number(domain));
    const text = (digits: string) => formatAddress(family, Buffer.from(digits.replace('-', ''), 'hex'));
    return {
      pid: Number(pid),
      fd: Number(fd),
      family,
      type: socketType(Number(type)),
      local: text(local),
      remote: text(remote),
    };
  });
}

/** Inet sockets without an address show zeros; of the other families only unix sockets have an address in rows. */
function formatAddress(family: string, bytes: Buffer): string | null {
  if (family === 'inet')
    return bytes.length < 8 ? '0.0.0.0:0' : `${bytes.subarray(4, 8).join('.')}:${bytes.readUInt16BE(2)}`;
  if (family === 'inet6')
    return bytes.length < 24 ? '[::]:0' : `[${formatInet6(bytes.subarray(8, 24))}]:${bytes.readUInt16BE(2)}`;
  return family === 'unix' ? formatUnixName(bytes.subarray(PATH)) : null;
}

/** A path ends at its NUL; of an abstract name `@` stands for each NUL. */
function formatUnixName(name: Buffer): string | null {
  if (name.length === 0) return null;
  if (name[0] === 0) return textOf(name).replaceAll('\0', '@');
  return textOf(name).replace(/\0.*$/s, '');
}
