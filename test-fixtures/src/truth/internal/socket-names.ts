// The oracle's own tables: the constants of the C library, as programs of the guest use them for sockets, and
// the words that follow from them by a rule. socket-names.guest.test.ts asks the C compiler for them. The
// reader has tables of its own, of the kernel's headers; neither knows the other.

/** `AF_*` of <sys/socket.h>, of the families whose rows have a word of their own. */
export const AF_CONSTANTS = 'AF_UNIX 1, AF_INET 2, AF_INET6 10, AF_NETLINK 16, AF_PACKET 17, AF_VSOCK 40';

/** `SOCK_*` of <sys/socket.h>. */
export const SOCK_CONSTANTS =
  'SOCK_STREAM 1, SOCK_DGRAM 2, SOCK_RAW 3, SOCK_RDM 4, SOCK_SEQPACKET 5, SOCK_DCCP 6, SOCK_PACKET 10';

/**
 * `TCP_*` of <netinet/tcp.h>. Values that the kernel keeps from programs, such as TCP_NEW_SYN_RECV, are not
 * among them.
 */
export const TCP_CONSTANTS =
  'TCP_ESTABLISHED 1, TCP_SYN_SENT 2, TCP_SYN_RECV 3, TCP_FIN_WAIT1 4, TCP_FIN_WAIT2 5, TCP_TIME_WAIT 6, ' +
  'TCP_CLOSE 7, TCP_CLOSE_WAIT 8, TCP_LAST_ACK 9, TCP_LISTEN 10, TCP_CLOSING 11';

const families = wordsOf(AF_CONSTANTS);
const types = wordsOf(SOCK_CONSTANTS);
const states = wordsOf(TCP_CONSTANTS);

/** The name of a family of sockets in a row. */
export function socketFamily(family: number): string {
  return families.get(family)?.toLowerCase() ?? `af_${family}`;
}

/** The name of a type of sockets in a row; undefined if it has no name. */
export function socketType(type: number): string | undefined {
  return types.get(type)?.toLowerCase();
}

/** The name of a state of TCP in a row; undefined if it has no name. */
export function tcpState(state: number): string | undefined {
  return states.get(state);
}

/** A constant's name without its prefix, by its number. */
function wordsOf(constants: string): ReadonlyMap<number, string> {
  return new Map(
    constants.split(', ').map((constant) => {
      const [name = '', value] = constant.split(' ');
      return [Number(value), name.slice(name.indexOf('_') + 1)];
    }),
  );
}
