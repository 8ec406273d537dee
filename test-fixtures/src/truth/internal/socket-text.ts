import { SocketAddress } from 'node:net';

/** The text of an address of 16 bytes, as inet_ntop(3) writes it. */
export function formatInet6(bytes: Uint8Array): string {
  const digits = Buffer.from(bytes).toString('hex');
  const groups = Array.from({ length: 8 }, (_, index) => digits.slice(index * 4, index * 4 + 4));
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}
