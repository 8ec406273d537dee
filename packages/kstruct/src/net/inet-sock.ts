import type { VirtualAddress } from '@osi-linux/core';
import { requirePointer } from '../kernel/implausible';
import { type Kernel, requireKey } from '../kernel/kernel';
import { StructView } from '../kernel/struct-view';
import { formatEndpoint } from './ip-address';
import { Sock } from './sock';

/** AF_INET and AF_INET6, include/linux/socket.h. */
const [AF_INET, AF_INET6] = [2, 10];
/** TCP_CLOSE, include/net/tcp_states.h. */
const TCP_CLOSE = 7;
/** SOCK_RAW, include/linux/net.h. */
const SOCK_RAW = 3;
const IPV4_LENGTH = 4;
const IPV6_LENGTH = 16;
/** More bytes than a sock of any protocol has before its `ipv6_pinfo`. */
const SOCK_SIZE_LIMIT = 8192n;

/** The keys of one end's address. */
interface AddressKeys {
  readonly ipv4: 'sock.skc_rcv_saddr_offset' | 'sock.skc_daddr_offset';
  readonly ipv6: 'sock.skc_v6_rcv_saddr_offset' | 'sock.skc_v6_daddr_offset';
  /** Where the sock has no IPv6 addresses. */
  readonly older: 'ipv6_pinfo.rcv_saddr_offset' | 'ipv6_pinfo.daddr_offset';
}

const LOCAL: AddressKeys = {
  ipv4: 'sock.skc_rcv_saddr_offset',
  ipv6: 'sock.skc_v6_rcv_saddr_offset',
  older: 'ipv6_pinfo.rcv_saddr_offset',
};
const REMOTE: AddressKeys = {
  ipv4: 'sock.skc_daddr_offset',
  ipv6: 'sock.skc_v6_daddr_offset',
  older: 'ipv6_pinfo.daddr_offset',
};

/**
 * A socket of `AF_INET` or `AF_INET6`: TCP, UDP, raw and their like. Corresponds to `inet_sock`.
 *
 * Both ends are as in `/proc/net/tcp` and its like: `0.0.0.0:0` if there is no address. A raw socket has a
 * protocol instead of its port. Source: `get_tcp4_sock` in net/ipv4/tcp_ipv4.c, `raw_sock_seq_show` in
 * net/ipv4/raw.c, `__ip6_dgram_sock_seq_show` in net/ipv6/datagram.c.
 */
export class InetSock extends Sock {
  private readonly type: number;

  constructor(kernel: Kernel, address: VirtualAddress, type: number) {
    super(kernel, address);
    this.type = type;
  }

  /** Whether sockets of a family are of this kind. */
  static hasFamily(family: number): boolean {
    return family === AF_INET || family === AF_INET6;
  }

  /**
   * Corresponds to `inet_sock.inet_rcv_saddr` or `sock.sk_v6_rcv_saddr`, and `inet_sock.inet_sport`.
   *
   * The IPv6 addresses of both ends were in `ipv6_pinfo` before
   * Linux commit efe4208f47f9 ("ipv6: make lookups simpler and faster") (in v3.13).
   */
  override get local(): string {
    const address = this.addressBytes(LOCAL);
    return formatEndpoint(address, swapBytes(this.u16('inet_sock.inet_sport_offset')));
  }

  /**
   * Corresponds to `inet_sock.inet_daddr` or `sock.sk_v6_daddr`, and `inet_sock.inet_dport`.
   *
   * A connection that is over leaves them behind; `inet_getname` (net/ipv4/af_inet.c) gives no peer then.
   */
  override get remote(): string {
    if (this.state === TCP_CLOSE) return formatEndpoint(new Uint8Array(this.addressLength), 0);
    const address = this.addressBytes(REMOTE);
    const port = this.type === SOCK_RAW ? 0 : swapBytes(this.u16('sock.skc_dport_offset'));
    return formatEndpoint(address, port);
  }

  private addressBytes({ ipv4, ipv6, older }: AddressKeys): Uint8Array {
    const { info, memory } = this.kernel;
    if (this.addressLength === IPV4_LENGTH) return this.view.bytes(requireKey(info, ipv4), IPV4_LENGTH);
    if (info[ipv6] !== undefined || info['inet_sock.pinet6_offset'] === undefined)
      return this.view.bytes(requireKey(info, ipv6), IPV6_LENGTH);
    return new StructView(memory, this.pinet6).bytes(requireKey(info, older), IPV6_LENGTH);
  }

  /** The `ipv6_pinfo`, virtual; it ends the structure that begins with this sock (`inet6_sk_generic`). */
  private get pinet6(): VirtualAddress {
    const received = this.word('inet_sock.pinet6_offset');
    requirePointer(this.kernel, received, { struct: 'inet_sock', address: this.address, member: 'pinet6' });
    const distance = received - this.address;
    if (distance > 0n && distance < SOCK_SIZE_LIMIT) return received;
    throw this.contradiction('pinet6', received, 'the ipv6_pinfo behind the sock');
  }

  private get addressLength(): number {
    return this.family === AF_INET6 ? IPV6_LENGTH : IPV4_LENGTH;
  }
}

function swapBytes(half: number): number {
  return ((half & 0xff) << 8) | (half >> 8);
}
