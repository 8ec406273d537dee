import { formatSubject } from '@osi-linux/core';
import { FakeFileTree, FakeKernel } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import { OsiLinux } from '../osi-linux';

const TABLE = 0xffff888060000000n;
const [SLOTS, BITS, SOCKS] = [TABLE + 0x1000n, TABLE + 0x2000n, TABLE + 0x10000n];
const keys = {
  'task.files_offset': 0x870,
  'files.count_offset': 0,
  'fs.fdt_offset': 0x20,
  'fs.fdtab_offset': 0x28,
  'fs.max_fds_offset': 0,
  'fs.fd_offset': 8,
  'fs.close_on_exec_offset': 0x10,
  'fs.open_fds_offset': 0x18,
  'socket.type_offset': 4,
  'socket.sk_offset': 24,
  'sock.skc_daddr_offset': 0,
  'sock.skc_rcv_saddr_offset': 4,
  'sock.skc_dport_offset': 12,
  'sock.skc_num_offset': 14,
  'sock.skc_family_offset': 16,
  'sock.skc_state_offset': 18,
  'sock.sk_socket_offset': 288,
  'inet_sock.inet_sport_offset': 830,
  'unix_sock.addr_offset': 800,
  'unix_sock.peer_offset': 872,
};

interface FakeSock {
  readonly type: number;
  readonly family: number;
  readonly state: number;
}

/** A process with a file as descriptor 0 and sockets from 1 on. */
function createGuest(socks: readonly FakeSock[]) {
  const kernel = new FakeKernel([
    { pid: 0, comm: 'swapper/0' },
    { pid: 1, comm: 'init', args: ['init'] },
    { pid: 7, ppid: 1, comm: 'server', args: ['server'] },
  ]);
  const { memory } = kernel;
  const tree = new FakeFileTree(memory);
  const superBlock = tree.superBlock('sockfs');
  const root = tree.entry({ name: '/', superBlock, directory: true });
  const mnt = tree.mount({ id: 1, superBlock, root });
  const sockAt = (fd: number) => SOCKS + BigInt(fd) * 0x1000n;
  const files = [tree.file(mnt, root)];
  for (const [index, { type, family, state }] of socks.entries()) {
    const dentry = tree.entry({ name: '', superBlock, dynamic: true, ino: 4711 + index });
    const file = tree.file(mnt, dentry);
    const inode = tree.read(file + 0x20n);
    const [socket, sock] = [inode - 0x80n, sockAt(index + 1)];
    memory.writeInt(inode, 0o140777);
    memory.writeWord(file + 0x50n, socket);
    memory.writeInt(socket + 4n, type);
    memory.writeWord(socket + 24n, sock);
    memory.writeWord(sock + 16n, BigInt(family) | (BigInt(state) << 16n));
    memory.writeWord(sock + 288n, socket);
    memory.writeWord(sock + 872n, 0n);
    files.push(file);
  }
  memory.writeWord(kernel.task(7) + 0x870n, TABLE);
  memory.writeInt(TABLE, 1);
  memory.writeWord(TABLE + 0x20n, TABLE + 0x28n);
  memory.writeInt(TABLE + 0x28n, 64);
  for (const [index, word] of [SLOTS, BITS + 8n, BITS].entries())
    memory.writeWord(TABLE + 0x30n + BigInt(index * 8), word);
  memory.writeBytes(SLOTS, new Uint8Array(64 * 8));
  for (const [fd, file] of files.entries()) memory.writeWord(SLOTS + BigInt(fd * 8), file);
  memory.writeWord(BITS, (1n << BigInt(files.length)) - 1n);
  const info = { ...kernel.info, ...tree.info, ...keys };
  return { memory, sockAt, linux: new OsiLinux({ kernel: { memory, info }, cpus: [] }) };
}

const NAMES = [
  [{ type: 1, family: 2, state: 10 }, 'inet stream LISTEN'],
  [{ type: 2, family: 10, state: 7 }, 'inet6 dgram CLOSE'],
  [{ type: 3, family: 2, state: 1 }, 'inet raw ESTABLISHED'],
  [{ type: 5, family: 1, state: 1 }, 'unix seqpacket CONNECTED'],
  [{ type: 1, family: 1, state: 10 }, 'unix stream LISTEN'],
  [{ type: 2, family: 1, state: 7 }, 'unix dgram UNCONNECTED'],
  [{ type: 3, family: 16, state: 0 }, 'netlink raw null'],
  [{ type: 10, family: 17, state: 0 }, 'packet packet null'],
  [{ type: 5, family: 38, state: 0 }, 'af_38 seqpacket null'],
] as const;

describe('getSockets', () => {
  it.each(NAMES)('names the numbers of %o: %s', (sock, expected) => {
    const rows = createGuest([sock]).linux.getSockets();
    expect(rows.map(({ family, type, state }) => `${family} ${type} ${state}`)).toEqual([expected]);
  });

  it('has a row a descriptor that is a socket, with the number of its inode', () => {
    const rows = createGuest([NAMES[0][0], NAMES[5][0]]).linux.getSockets();
    expect(rows).toEqual(
      Object.assign(
        [
          {
            pid: 7,
            fd: 1,
            type: 'stream',
            inode: 4711n,
            family: 'inet',
            local: '0.0.0.0:0',
            remote: '0.0.0.0:0',
            state: 'LISTEN',
          },
          {
            pid: 7,
            fd: 2,
            type: 'dgram',
            inode: 4712n,
            family: 'unix',
            local: null,
            remote: null,
            state: 'UNCONNECTED',
          },
        ],
        { skipped: [], findings: [] },
      ),
    );
  });

  it('keeps the row of a socket that leads to none of the network, and the rows beside it', () => {
    const { memory, sockAt, linux } = createGuest([NAMES[0][0], NAMES[1][0], NAMES[2][0]]);
    memory.writeWord(sockAt(2) + 288n, 0n);
    const rows = linux.getSockets();
    expect(rows.map(({ fd, type, family }) => [fd, type, family])).toEqual([
      [1, 'stream', 'inet'],
      [2, 'dgram', null],
      [3, 'raw', 'inet'],
    ]);
    expect(rows.skipped.map(({ subject, reason }) => `${formatSubject(subject)}: ${reason.code}`)).toEqual([
      'pid 7: fd 2 socket: STRUCT_IMPLAUSIBLE',
    ]);
  });

  it('has no row of a blank file, and says so', () => {
    const { memory, linux } = createGuest([NAMES[0][0]]);
    memory.writeWord(SLOTS + 8n, TABLE + 0x3000n);
    memory.writeBytes(TABLE + 0x3000n, new Uint8Array(4096));
    const rows = linux.getSockets();
    expect([...rows]).toEqual([]);
    expect(rows.skipped.map(({ subject }) => formatSubject(subject))).toEqual(['pid 7: fd 1']);
  });

  it('reads the processes that are asked for alone', () => {
    const { linux } = createGuest([NAMES[0][0]]);
    expect(linux.getSockets({ pids: [1] })).toHaveLength(0);
    expect(linux.getSockets({ pids: [7] })).toHaveLength(1);
  });
});
