import { decodeText, type OsiError, type VirtualAddress } from '@osi-linux/core';
import { implausible, requirePointer } from '../kernel/implausible';
import { type Kernel, requireKey } from '../kernel/kernel';
import { StructView } from '../kernel/struct-view';
import { Sock } from './sock';

/** AF_UNIX, include/linux/socket.h. */
const AF_UNIX = 1;
/** SOCK_DGRAM, include/linux/net.h. */
const SOCK_DGRAM = 2;
/** Bytes of `sockaddr_un.sun_family`, which is before the path (include/uapi/linux/un.h). */
const FAMILY_LENGTH = 2;
/** UNIX_PATH_MAX, and the NUL that the kernel puts behind a path that fills it (include/uapi/linux/un.h). */
const LENGTH_LIMIT = FAMILY_LENGTH + 108 + 1;
const AT_SIGN = 0x40;

/**
 * A socket of `AF_UNIX`. Corresponds to `unix_sock`. Source: include/net/af_unix.h.
 */
export class UnixSock extends Sock {
  private readonly type: number;

  constructor(kernel: Kernel, address: VirtualAddress, type: number) {
    super(kernel, address);
    this.type = type;
  }

  /** Whether sockets of a family are of this kind. */
  static hasFamily(family: number): boolean {
    return family === AF_UNIX;
  }

  /**
   * The path that it is bound to, or an abstract name; `/proc/net/unix` shows each NUL of it as `@`, the
   * first one included. Corresponds to `unix_sock.addr`. Source: `unix_seq_show` in net/unix/af_unix.c.
   */
  override get local(): string | undefined {
    const address = this.word('unix_sock.addr_offset');
    if (address === 0n) return undefined;
    const place = { struct: 'unix_sock', address: this.address, member: 'addr' };
    return readName(this.kernel, requirePointer(this.kernel, address, place));
  }

  /** The name of the socket at the other end. Corresponds to `unix_sock.peer`. */
  override get remote(): string | undefined {
    const address = this.peer;
    if (address === undefined) return undefined;
    requirePointer(this.kernel, address, { struct: 'unix_sock', address: this.address, member: 'peer' });
    const other = new UnixSock(this.kernel, address, this.type);
    if (other.family !== AF_UNIX || !this.isKnownTo(other))
      throw this.contradiction('peer', address, 'a unix socket that has this one for a peer');
    return other.local;
  }

  /** Address of the `sock` at the other end, virtual. */
  get peer(): VirtualAddress | undefined {
    const address = this.word('unix_sock.peer_offset');
    return address === 0n ? undefined : address;
  }

  /**
   * The ends of a stream know each other until one is closed; anybody may be connected to a datagram socket.
   * Source: `unix_stream_connect` and `unix_release_sock` in net/unix/af_unix.c.
   */
  private isKnownTo(other: UnixSock): boolean {
    const { peer } = other;
    return this.type === SOCK_DGRAM || peer === undefined || peer === this.address;
  }
}

/** The text of a `unix_address`. */
function readName(kernel: Kernel, address: VirtualAddress): string {
  const { info, memory } = kernel;
  const view = new StructView(memory, address);
  const length = view.s32(requireKey(info, 'unix_address.len_offset'));
  if (length <= FAMILY_LENGTH || length > LENGTH_LIMIT)
    throw noAddress(address, 'len', length, `${FAMILY_LENGTH + 1} to ${LENGTH_LIMIT}`);
  const bytes = view.bytes(requireKey(info, 'unix_address.name_offset'), length);
  const family = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8);
  if (family !== AF_UNIX) throw noAddress(address, 'name.sun_family', family, String(AF_UNIX));
  const path = bytes.subarray(FAMILY_LENGTH);
  // A path is counted with the NUL behind it, an abstract name, which begins with one, is not.
  const shown = path[0] === 0 ? path : path.subarray(0, -1);
  return decodeText(shown.map((byte) => (byte === 0 ? AT_SIGN : byte)));
}

function noAddress(address: VirtualAddress, member: string, received: number, expected: string): OsiError {
  return implausible({ struct: 'unix_address', address, member, received, expected });
}
