import type { OpenFile } from '../fs/open-file';
import { implausible, requirePointer } from '../kernel/implausible';
import type { Kernel } from '../kernel/kernel';
import { KernelStruct } from '../kernel/kernel-struct';
import { InetSock } from './inet-sock';
import { Sock } from './sock';
import { UnixSock } from './unix-sock';

/** SOCK_PACKET, the last of the types (include/linux/net.h). */
const LAST_TYPE = 10;
/** O_PATH of x86, include/uapi/asm-generic/fcntl.h. */
const O_PATH = 0o10000000;
/** More bytes than a `struct socket` has. */
const SOCKET_SIZE_LIMIT = 1024n;
const HALF = 0xffff;

/**
 * A socket that a process has open. Corresponds to `socket`.
 *
 * Every property reads guest memory when it is asked for, and throws the fault of the page,
 * `STRUCT_IMPLAUSIBLE` for what no socket has, or `PROFILE_KEY_MISSING`. Source: include/linux/net.h.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * declare const mm: Mm;
 * const socket = findSocket(kernel, mm.exeFile);
 * socket?.sk.local // => undefined
 * ```
 */
export class Socket extends KernelStruct {
  /** `SOCK_STREAM` and its like, by number. Corresponds to `socket.type`. */
  get type(): number {
    const received = this.u32('socket.type_offset') & HALF;
    if (received > 0 && received <= LAST_TYPE) return received;
    const { address } = this;
    throw implausible({ struct: 'socket', address, member: 'type', received, expected: `1 to ${LAST_TYPE}` });
  }

  /**
   * The network's side, which knows the addresses of both ends. Corresponds to `socket.sk`.
   *
   * It is never null while a descriptor leads here: that is how a socket ends whose last descriptor was closed.
   */
  get sk(): Sock {
    const { address, kernel } = this;
    const place = { struct: 'socket', address, member: 'sk' };
    const sock = new Sock(kernel, requirePointer(kernel, this.word('socket.sk_offset'), place));
    const received = sock.socket;
    if (received !== address)
      throw implausible({
        ...place,
        struct: 'sock',
        address: sock.address,
        member: 'sk_socket',
        received,
        expected: 'the socket that points at it',
      });
    if (InetSock.hasFamily(sock.family)) return new InetSock(kernel, sock.address, this.type);
    return UnixSock.hasFamily(sock.family) ? new UnixSock(kernel, sock.address, this.type) : sock;
  }
}

/**
 * The socket behind an open file, or `undefined` for a file of another kind.
 *
 * The name of a unix socket in a folder, opened with O_PATH, is a file of another kind. A socket lies right before its
 * inode. Source: `sock_alloc_file` in net/socket.c, `socket_alloc` in include/net/sock.h.
 *
 * @throws OsiError the fault of a page; `STRUCT_IMPLAUSIBLE` where the file does not lead to the socket of its inode.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * declare const mm: Mm;
 * findSocket(kernel, mm.exeFile) // => undefined
 * ```
 */
export function findSocket(kernel: Kernel, file: OpenFile): Socket | undefined {
  const { inode } = file;
  if (!inode.isSocket || (file.flags & O_PATH) !== 0) return undefined;
  const received = file.privateData;
  const distance = inode.address - received;
  if (distance > 0n && distance < SOCKET_SIZE_LIMIT) return new Socket(kernel, received);
  const { address } = file;
  throw implausible({
    struct: 'file',
    address,
    member: 'private_data',
    received,
    expected: 'the socket before its inode',
  });
}
