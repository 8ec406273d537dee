import { SocketAddress } from 'node:net';

/** SOCK_* in include/linux/net.h. */
const TYPES: Readonly<Record<number, string>> = {
  1: 'stream',
  2: 'dgram',
  3: 'raw',
  4: 'rdm',
  5: 'seqpacket',
  6: 'dccp',
  10: 'packet',
};

/** AF_* in include/linux/socket.h. */
const FAMILIES: Readonly<Record<number, string>> = {
  1: 'unix',
  2: 'inet',
  10: 'inet6',
  16: 'netlink',
  17: 'packet',
  40: 'vsock',
};

/** What a row calls a type of sockets; undefined where it has no name. */
export function socketType(type: number): string | undefined {
  return TYPES[type];
}

/** What a row calls a family of sockets. */
export function socketFamily(family: number): string {
  return FAMILIES[family] ?? `af_${family}`;
}

/** The text of an address of 16 bytes, as inet_ntop(3) writes it. */
export function formatInet6(bytes: Uint8Array): string {
  const digits = Buffer.from(bytes).toString('hex');
  const groups = Array.from({ length: 8 }, (_, index) => digits.slice(index * 4, index * 4 + 4));
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}
