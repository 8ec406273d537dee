import { linesOf } from '../internal/guest-text';
import { malformed } from '../internal/malformed';
import { socketType, tcpState } from '../internal/socket-names';
import { formatInet6 } from '../internal/socket-text';

/** A socket as one of the tables of `/proc/net` has it; fields that the table lacks are undefined. */
export interface TruthSocket {
  readonly inode: number;
  readonly family: string;
  readonly type: string | undefined;
  readonly local: string | null;
  /** Undefined for unix sockets: their table does not name the peer. */
  readonly remote: string | null | undefined;
  readonly state: string | null;
}

/** Name of the table: family and type of its sockets. */
const INET_TABLES: Readonly<Record<string, readonly [family: string, type: string]>> = {
  tcp: ['inet', 'stream'],
  tcp6: ['inet6', 'stream'],
  udp: ['inet', 'dgram'],
  udp6: ['inet6', 'dgram'],
  udplite: ['inet', 'dgram'],
  udplite6: ['inet6', 'dgram'],
  icmp: ['inet', 'dgram'],
  icmp6: ['inet6', 'dgram'],
  raw: ['inet', 'raw'],
  raw6: ['inet6', 'raw'],
};

/** socket_state in include/uapi/linux/net.h, from 1. */
const UNIX_STATES = ['UNCONNECTED', 'CONNECTING', 'CONNECTED', 'DISCONNECTING'];
const SO_ACCEPTCON = 0x10000;

/**
 * Reads a table of `/proc/net` by its name; nothing if it is not a table of sockets. Sockets without an
 * inode, such as those of TIME_WAIT, belong to nobody and are left out.
 *
 * @throws OsiError `TRUTH_MALFORMED`
 *
 * @example
 * ```ts
 * const line = ' 0: 0100007F:0050 00000000:0000 0A 0:0 0:0 0 0 0 4711 1\n';
 * parseNetTable('tcp', Uint8Array.from(Buffer.from(`sl local\n${line}`))).map(({ local, state }) => [local, state])
 * // => [['127.0.0.1:80', 'LISTEN']]
 * ```
 */
export function parseNetTable(name: string, bytes: Uint8Array): TruthSocket[] {
  const [head = '', ...lines] = linesOf(bytes);
  return tableSockets(name, head, lines).filter(({ inode }) => inode !== 0);
}

function tableSockets(name: string, head: string, lines: readonly string[]): TruthSocket[] {
  const inet = INET_TABLES[name];
  if (inet !== undefined) return lines.map((line) => parseInet(inet[0], inet[1], line));
  if (name === 'unix') return unixEntries(lines).map(parseUnix);
  if (name === 'packet') return lines.map(parsePacket);
  // Linux 2.6.32 does not list the inodes of netlink sockets: netlink_seq_show in net/netlink/af_netlink.c.
  return name === 'netlink' && head.includes('Inode') ? lines.map(parseNetlink) : [];
}

/** `sl local remote state queues timer retransmits uid timeout inode ...` in net/ipv4/tcp_ipv4.c. */
function parseInet(family: string, type: string, line: string): TruthSocket {
  const fields = line.trim().split(/\s+/);
  const [, local = '', remote = '', state = ''] = fields;
  const stateName = tcpState(Number.parseInt(state, 16));
  if (stateName === undefined || fields[9] === undefined || !/^\d+$/.test(fields[9]))
    throw malformed('a table of inet sockets has a line of another form', line);
  return {
    inode: Number(fields[9]),
    family,
    type,
    local: parseEndpoint(local),
    remote: parseEndpoint(remote),
    state: stateName,
  };
}

/** Words of the address as a little-endian host reads them, then the port. */
function parseEndpoint(text: string): string {
  const match = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(text);
  if (match === null) throw malformed('an address of another form', text);
  const [, words = '', port] = match;
  const bytes = Buffer.from(words, 'hex').swap32();
  const suffix = `:${Number.parseInt(String(port), 16)}`;
  if (bytes.length === 4) return [...bytes].join('.') + suffix;
  return `[${formatInet6(bytes)}]${suffix}`;
}

/** Early after boot no address can be hashed; the text in its place may be padded. */
const UNIX_HEAD =
  /^ *(?:[0-9a-f]{8,16}|\(_*ptrval_*\)): [0-9A-F]{8} [0-9A-F]{8} [0-9A-F]{8} [0-9A-F]{4} [0-9A-F]{2} +\d+/;

/** Newlines of a path are not escaped: a line that begins like no entry goes on with the one before. */
function unixEntries(lines: readonly string[]): string[] {
  const entries: string[] = [];
  for (const line of lines) {
    if (UNIX_HEAD.test(line) || entries.length === 0) entries.push(line);
    else entries.push(`${entries.pop()}\n${line}`);
  }
  return entries;
}

/**
 * `Num: RefCount Protocol Flags Type St Inode Path` in net/unix/af_unix.c; `@` stands for each NUL of the name, for the
 * first alone up to Linux 4.4, which prints the others as they are.
 */
function parseUnix(entry: string): TruthSocket {
  const match = /^ *\S+: \S+ \S+ (\S+) (\S+) (\S+) +(\d+)(?: (.*))?$/s.exec(entry);
  const [, flags = '', type = '', state = '', inode, path] = match ?? [];
  const stateName = UNIX_STATES[Number.parseInt(state, 16) - 1];
  if (stateName === undefined) throw malformed('the table of unix sockets has a line of another form', entry);
  const listens = (Number.parseInt(flags, 16) & SO_ACCEPTCON) !== 0;
  return {
    inode: Number(inode),
    family: 'unix',
    type: socketType(Number.parseInt(type, 16)),
    local: path?.replaceAll('\0', '@') ?? null,
    remote: undefined,
    state: listens ? 'LISTEN' : stateName,
  };
}

/** `sk RefCnt Type Proto Iface R Rmem User Inode` in net/packet/af_packet.c. */
function parsePacket(line: string): TruthSocket {
  const fields = line.trim().split(/\s+/);
  if (fields.length !== 9) throw malformed('the table of packet sockets has a line of another form', line);
  const known = { family: 'packet', local: null, remote: null, state: null };
  return { inode: Number(fields[8]), ...known, type: socketType(Number(fields[2])) };
}

/** `sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode` in net/netlink/af_netlink.c. */
function parseNetlink(line: string): TruthSocket {
  const fields = line.trim().split(/\s+/);
  if (fields.length !== 10) throw malformed('the table of netlink sockets has a line of another form', line);
  const known = { family: 'netlink', local: null, remote: null, state: null };
  return { inode: Number(fields[9]), ...known, type: undefined };
}
