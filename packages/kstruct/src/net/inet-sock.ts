import type { VirtualAddress } from '@osi-linux/core';
import { type Kernel, requireKey } from '../kernel/kernel';
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

  /** Corresponds to `inet_sock.inet_rcv_saddr` or `sock.sk_v6_rcv_saddr`, and `inet_sock.inet_sport`. */
  override get local(): string {
    const address = this.addressBytes('sock.skc_rcv_saddr_offset', 'sock.skc_v6_rcv_saddr_offset');
    return formatEndpoint(address, swapBytes(this.u16('inet_sock.inet_sport_offset')));
  }

  /**
   * Corresponds to `inet_sock.inet_daddr` or `sock.sk_v6_daddr`, and `inet_sock.inet_dport`.
   *
   * A connection that is over leaves them behind; `inet_getname` (net/ipv4/af_inet.c) gives no peer then.
   */
  override get remote(): string {
    if (this.state === TCP_CLOSE) return formatEndpoint(new Uint8Array(this.addressLength), 0);
    const address = this.addressBytes('sock.skc_daddr_offset', 'sock.skc_v6_daddr_offset');
    const port = this.type === SOCK_RAW ? 0 : swapBytes(this.u16('sock.skc_dport_offset'));
    return formatEndpoint(address, port);
  }

  private addressBytes(
    ipv4: 'sock.skc_rcv_saddr_offset' | 'sock.skc_daddr_offset',
    ipv6: 'sock.skc_v6_rcv_saddr_offset' | 'sock.skc_v6_daddr_offset',
  ): Uint8Array {
    const { info } = this.kernel;
    const length = this.addressLength;
    return this.view.bytes(requireKey(info, length === IPV6_LENGTH ? ipv6 : ipv4), length);
  }

  private get addressLength(): number {
    return this.family === AF_INET6 ? IPV6_LENGTH : IPV4_LENGTH;
  }
}

function swapBytes(half: number): number {
  return ((half & 0xff) << 8) | (half >> 8);
}
