import type { SkippedLog, Subject } from '@osi-linux/core';
import {
  eachOpenFile,
  findSocket,
  type Kernel,
  type OpenFile,
  type Socket,
  type Task,
} from '@osi-linux/kstruct';

/** A socket that a process has open. A field is `null` if it does not exist or could not be read. */
export interface LinuxSocket {
  /** Id of the process. */
  readonly pid: number;
  /** Number of the descriptor. */
  readonly fd: number;
  /** Address family: "inet", "inet6", "unix", "netlink", "packet", "vsock", else "af_N". */
  readonly family: string | null;
  /** "stream", "dgram", "raw", "rdm", "seqpacket", "dccp" or "packet". */
  readonly type: string | null;
  /** This end: `127.0.0.1:80`, `[::1]:80`, a path or `@name`; `null` for an unnamed one and for other families. */
  readonly local: string | null;
  /** The other end, in the same form; `0.0.0.0:0` for an IP socket that is not connected. */
  readonly remote: string | null;
  /** TCP's names for IP sockets; "LISTEN", "CONNECTED" or "UNCONNECTED" for unix ones; `null` for other families. */
  readonly state: string | null;
  /** Number of its inode, as in `socket:[4711]`. */
  readonly inode: bigint | null;
}

/** By the numbers of include/linux/socket.h; others are "af_N". */
const FAMILIES: Readonly<Record<number, string>> = {
  1: 'unix',
  2: 'inet',
  10: 'inet6',
  16: 'netlink',
  17: 'packet',
  40: 'vsock',
};

/** By the numbers of include/linux/net.h. */
const TYPES: Readonly<Record<number, string>> = {
  1: 'stream',
  2: 'dgram',
  3: 'raw',
  4: 'rdm',
  5: 'seqpacket',
  6: 'dccp',
  10: 'packet',
};

/** By the numbers of include/net/tcp_states.h, from 1. */
const TCP_STATES: readonly string[] = [
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
  'NEW_SYN_RECV',
];

/**
 * The meaning of TCP's states for a unix socket (`unix_seq_show` in net/unix/af_unix.c); any other is
 * "UNCONNECTED".
 */
const UNIX_STATES: Readonly<Record<string, string>> = { ESTABLISHED: 'CONNECTED', LISTEN: 'LISTEN' };

/** Reads the sockets that a process has open, by its own table of descriptors. */
export function readSockets(kernel: Kernel, task: Task, pid: number, skipped: SkippedLog): LinuxSocket[] {
  const descriptors = skipped.attempt(
    () => ({ kind: 'list', name: 'open files', pid }),
    () => Array.from(eachOpenFile(kernel, task, skipped)),
  );
  const rows: LinuxSocket[] = [];
  for (const { fd, file } of descriptors ?? []) {
    const row = readSocket(kernel, { pid, fd, file }, skipped);
    if (row !== undefined) rows.push(row);
  }
  return rows;
}

interface Descriptor {
  readonly pid: number;
  readonly fd: number;
  readonly file: OpenFile;
}

function readSocket(
  kernel: Kernel,
  { pid, fd, file }: Descriptor,
  skipped: SkippedLog,
): LinuxSocket | undefined {
  const subject: Subject = { kind: 'socket', pid, fd };
  const socket = skipped.attempt(
    () => subject,
    () => findChecked(kernel, file),
  );
  if (socket === undefined || socket === null) return undefined;
  const field = <Value>(name: string, read: () => Value): Value | null =>
    skipped.attempt(() => ({ ...subject, field: name }), read);
  return {
    pid,
    fd,
    type: field('type', () => TYPES[socket.type] ?? null),
    inode: field('inode', () => file.inode.ino),
    ...readEnds(socket, field),
  };
}

/** Memory that is not an open file cannot lead to a socket. */
function findChecked(kernel: Kernel, file: OpenFile): Socket | undefined {
  file.validate();
  return findSocket(kernel, file);
}

type Ends = Pick<LinuxSocket, 'family' | 'local' | 'remote' | 'state'>;

function readEnds(socket: Socket, field: <Value>(name: string, read: () => Value) => Value | null): Ends {
  const sk = field('socket', () => socket.sk);
  if (sk === null) return { family: null, local: null, remote: null, state: null };
  const { family: number } = sk;
  const family = FAMILIES[number] ?? `af_${number}`;
  return {
    family,
    local: field('local', () => sk.local ?? null),
    remote: field('remote', () => sk.remote ?? null),
    state: field('state', () => stateName(family, sk)),
  };
}

/** `null` if only the family itself defines the meaning of the number. */
function stateName(family: string, sk: Socket['sk']): string | null {
  if (family !== 'inet' && family !== 'inet6' && family !== 'unix') return null;
  const name = TCP_STATES[sk.state - 1] ?? null;
  return name === null || family !== 'unix' ? name : (UNIX_STATES[name] ?? 'UNCONNECTED');
}
