import type { GuestMemory } from '../guest-memory';
import type { FileTreeLayout, PathLayout } from './file-tree-layout';
import { allocateStruct, GuestStruct } from './guest-struct';
import type { SpecialFilesLayout } from './special-files-layout';

/** An end of an IP socket: its address in network order, and its port. */
export interface EndpointPlan {
  readonly address: readonly number[];
  readonly port: number;
}

/** A socket to lay out. */
export interface SocketPlan {
  readonly ino: number;
  /** SOCK_STREAM is 1, SOCK_DGRAM 2, SOCK_RAW 3, SOCK_SEQPACKET 5: include/linux/net.h. */
  readonly type: number;
  /** AF_UNIX is 1, AF_INET 2, AF_INET6 10, AF_NETLINK 16, AF_PACKET 17: include/linux/socket.h. */
  readonly family: number;
  /** By include/net/tcp_states.h: 1 is ESTABLISHED, 7 CLOSE, 10 LISTEN. */
  readonly state: number;
  readonly protocol?: number;
  readonly local?: EndpointPlan;
  readonly remote?: EndpointPlan;
  /** The name of a unix socket, an abstract one with its NUL first. */
  readonly name?: string;
}

/** A socket that was laid out. */
export interface SocketLayout {
  /** Its open file, a `struct file`, virtual. */
  readonly file: bigint;
  /** Its `sock`, virtual. */
  readonly sk: GuestStruct;
}

const AF_UNIX = 1;
const O_RDWR = 2;
/** Where a sock has its `ipv6_pinfo`, at its end. */
const PINET6 = 0x500;

/** Lays out sockets with their open files. */
export class SocketsLayout {
  private readonly memory: GuestMemory;
  private readonly tree: FileTreeLayout;
  private readonly special: SpecialFilesLayout;

  constructor(memory: GuestMemory, tree: FileTreeLayout, special: SpecialFilesLayout) {
    this.memory = memory;
    this.tree = tree;
    this.special = special;
  }

  /** A socket; it lies right before its inode. */
  create(plan: SocketPlan): SocketLayout {
    const { memory } = this;
    const size = memory.keys.sizeOf('socket');
    const socket = new GuestStruct(memory, memory.allocate(size + memory.keys.sizeOf('inode')));
    const path: PathLayout = this.special.socket(plan.ino, socket.address + BigInt(size));
    const sk = new GuestStruct(
      memory,
      memory.allocate(PINET6 + 64 + memory.keys.sizeOf('sock', 'inet_sock')),
    );
    socket.int('socket.type_offset', plan.type, 2).word('socket.sk_offset', sk.address);
    sk.word('sock.sk_socket_offset', socket.address)
      .int('sock.skc_family_offset', plan.family, 2)
      .int('sock.skc_state_offset', plan.state, 1)
      .int('sock.sk_protocol_offset', plan.protocol ?? 0, 1);
    if (plan.family === AF_UNIX) this.writeUnix(sk, plan);
    else if (plan.local !== undefined) this.writeEnds(sk, plan, plan.local);
    return { file: this.tree.file(path, { flags: O_RDWR, privateData: socket.address }), sk };
  }

  /** Makes two unix sockets the ends of one connection. */
  connect(one: SocketLayout, other: SocketLayout): void {
    one.sk.word('unix_sock.peer_offset', other.sk.address);
    other.sk.word('unix_sock.peer_offset', one.sk.address);
  }

  private writeUnix(sk: GuestStruct, { name }: SocketPlan): void {
    sk.word('unix_sock.addr_offset', name === undefined ? 0n : this.unixAddress(name));
    sk.word('unix_sock.peer_offset', 0n);
  }

  /** A path is counted with the NUL behind it, an abstract name is not. */
  private unixAddress(name: string): bigint {
    const bytes = [...new TextEncoder().encode(name), ...(name.startsWith('\0') ? [] : [0])];
    return allocateStruct(this.memory, 'unix_address')
      .int('unix_address.len_offset', bytes.length + 2)
      .bytes('unix_address.name_offset', new Uint8Array([AF_UNIX, 0, ...bytes])).address;
  }

  private writeEnds(sk: GuestStruct, { remote }: SocketPlan, local: EndpointPlan): void {
    const to = remote ?? { address: local.address.map(() => 0), port: 0 };
    sk.int('sock.skc_num_offset', local.port, 2)
      .bytes('inet_sock.inet_sport_offset', networkOrder(local.port))
      .bytes('sock.skc_dport_offset', networkOrder(to.port));
    const [here, there] = [new Uint8Array(local.address), new Uint8Array(to.address)];
    if (here.length === 4) {
      sk.bytes('sock.skc_rcv_saddr_offset', here).bytes('sock.skc_daddr_offset', there);
      return;
    }
    sk.bytes('sock.skc_v6_rcv_saddr_offset', here).bytes('sock.skc_v6_daddr_offset', there);
    const pinet6 = new GuestStruct(this.memory, sk.address + BigInt(PINET6));
    sk.word('inet_sock.pinet6_offset', pinet6.address);
    pinet6.bytes('ipv6_pinfo.rcv_saddr_offset', here).bytes('ipv6_pinfo.daddr_offset', there);
  }
}

function networkOrder(port: number): Uint8Array {
  return new Uint8Array([port >> 8, port & 0xff]);
}
