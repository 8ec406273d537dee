import { describe, expect, it } from 'vitest';
import { parseAskedSockets } from '../asked-sockets';
import { bytesOf } from '../internal/made-truth';
import { parseNetTable } from './proc-net';

const table = (name: string, ...lines: string[]) =>
  parseNetTable(name, bytesOf(['the head', ...lines, ''].join('\n')));

describe('parseNetTable', () => {
  it('reads addresses as words of the host, and ports as they are', () => {
    expect(
      table(
        'tcp',
        '   0: 0100007F:1F90 0200007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 1300 1 00000000 20 4 30 10 -1',
        '   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1301 1 00000000 100 0 0 10 0',
      ),
    ).toEqual([
      {
        ...{ inode: 1300, family: 'inet', type: 'stream', state: 'ESTABLISHED' },
        ...{ local: '127.0.0.1:8080', remote: '127.0.0.2:50000' },
      },
      {
        ...{ inode: 1301, family: 'inet', type: 'stream', state: 'LISTEN' },
        ...{ local: '0.0.0.0:22', remote: '0.0.0.0:0' },
      },
    ]);
  });

  it.each([
    ['00000000000000000000000001000000', '[::1]'],
    ['00000000000000000000000000000000', '[::]'],
    ['0000000000000000FFFF00000100007F', '[::ffff:127.0.0.1]'],
    ['B80D0120000000000000000001000000', '[2001:db8::1]'],
    ['B80D01200100000000000000010000FF', '[2001:db8:0:1::ff00:1]'],
  ])('writes the IPv6 address %s as %s', (words, text) => {
    const line = ` 0: ${words}:0001 ${'0'.repeat(32)}:0000 07 0:0 0:0 0 0 0 5 2 0 0`;
    const [socket] = table('udp6', line);
    expect(socket?.local).toBe(`${text}:1`);
    expect(socket).toMatchObject({ family: 'inet6', type: 'dgram', remote: '[::]:0', state: 'CLOSE' });
  });

  it('knows every state of TCP by its number, and no other', () => {
    const states = Array.from({ length: 11 }, (_, index) =>
      (index + 1).toString(16).toUpperCase().padStart(2, '0'),
    );
    const lines = states.map((state) => `0: 0100007F:0001 00000000:0000 ${state} 0:0 0:0 0 0 0 7 1`);
    expect(table('tcp', ...lines).map(({ state }) => state)).toEqual([
      ...[
        'ESTABLISHED',
        'SYN_SENT',
        'SYN_RECV',
        'FIN_WAIT1',
        'FIN_WAIT2',
        'TIME_WAIT',
        'CLOSE',
        'CLOSE_WAIT',
      ],
      ...['LAST_ACK', 'LISTEN', 'CLOSING'],
    ]);
    // The kernel shows TCP_NEW_SYN_RECV, 12, as SYN_RECV.
    expect(() => table('tcp', '0: 0100007F:0001 00000000:0000 0C 0:0 0:0 0 0 0 7 1')).toThrow('inet sockets');
  });

  it('leaves out sockets that belong to nobody', () => {
    expect(table('tcp', '0: 0100007F:0001 0100007F:0002 06 0:0 0:0 0 0 0 0 1')).toEqual([]);
  });

  it('reads names of unix sockets: paths, abstract ones, none, and with newlines', () => {
    const sockets = table(
      'unix',
      'ffff888003a2c000: 00000002 00000000 00010000 0001 01  4711 /run/a b',
      '(____ptrval____): 00000002 00000000 00000000 0002 01     7 @abstract@name@',
      '        (ptrval): 00000002 00000000 00000000 0002 01     9 /run/early',
      '0000000000000000: 00000003 00000000 00000000 0005 03 12345',
      'c1a2b300: 00000002 00000000 00000000 0001 01 8 /run/new',
      'line: and 1 more',
    );
    expect(
      sockets.map(({ inode, type, local, state, remote }) => [inode, type, local, state, remote]),
    ).toEqual([
      [4711, 'stream', '/run/a b', 'LISTEN', undefined],
      [7, 'dgram', '@abstract@name@', 'UNCONNECTED', undefined],
      [9, 'dgram', '/run/early', 'UNCONNECTED', undefined],
      [12345, 'seqpacket', null, 'CONNECTED', undefined],
      [8, 'stream', '/run/new\nline: and 1 more', 'UNCONNECTED', undefined],
    ]);
    expect(() => table('unix', 'nonsense')).toThrow('unix sockets');
  });

  it('reads packet and netlink sockets, which have no addresses here', () => {
    const [packet] = table('packet', 'ffff888003a2c000 3      3    0003   0     1 0      0      4712 ');
    const line =
      'ffff888003a2c000 0   4711       00000001 0        0        0     2        0        4713    ';
    const ofNetlink = (entry: string) =>
      parseNetTable('netlink', bytesOf(`sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode\n${entry}\n`));
    const [netlink] = ofNetlink(line);
    const nothing = { local: null, remote: null, state: null };
    expect(packet).toEqual({ inode: 4712, family: 'packet', type: 'raw', ...nothing });
    expect(netlink).toEqual({ inode: 4713, family: 'netlink', type: undefined, ...nothing });
    expect(() => table('packet', 'x')).toThrow('packet sockets');
    expect(() => ofNetlink('x')).toThrow('netlink sockets');
  });

  it('leaves out netlink sockets where the table does not list their inodes, as that of 2.6.32', () => {
    const head = 'sk       Eth Pid    Groups   Rmem     Wmem     Dump     Locks     Drops';
    const line = 'cf810200 0   4711   00000001 0        0        (null) 2        0       ';
    expect(parseNetTable('netlink', bytesOf(`${head}\n${line}\n`))).toEqual([]);
  });

  it('reads each NUL of an abstract name as @, also where the table prints the NUL itself', () => {
    const line = '         (ptrval): 00000002 00000000 00000000 0001 01  4711 @with\0NUL\nand';
    expect(table('unix', '0000000000000000: 00000002 00000000 00000000 0001 01 1 /a', line)).toMatchObject([
      { inode: 1, local: '/a' },
      { inode: 4711, local: '@with@NUL\nand' },
    ]);
  });

  it('takes the protocol of raw sockets for a port, as the table does', () => {
    const line = '   1: 00000000:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 14 2 0 0';
    expect(table('raw', line)).toMatchObject([{ type: 'raw', local: '0.0.0.0:1', state: 'CLOSE' }]);
  });

  it('passes over tables that are none of sockets', () => {
    expect(table('dev', 'lo: 1 2 3')).toEqual([]);
  });
});

describe('parseAskedSockets', () => {
  const ask = (line: string) => parseAskedSockets(bytesOf(`${line}\n`))[0];

  it('reads addresses of inet, inet6 and unix sockets', () => {
    expect(ask('7 3 2 1 6 1 020000507f000001 -')).toEqual({
      ...{ pid: 7, fd: 3, family: 'inet', type: 'stream' },
      ...{ local: '127.0.0.1:80', remote: '0.0.0.0:0' },
    });
    expect(ask(`7 4 10 2 17 0 0a001f9000000000${'00'.repeat(15)}0100000000 -`)).toMatchObject({
      ...{ family: 'inet6', type: 'dgram', local: '[::1]:8080', remote: '[::]:0' },
    });
    expect(ask('7 5 1 5 0 0 01002f72756e2f6100 0100')).toMatchObject({
      ...{ family: 'unix', type: 'seqpacket', local: '/run/a', remote: null },
    });
    expect(ask('7 6 1 1 0 0 010000610062 01002f61')).toMatchObject({ local: '@a@b', remote: '/a' });
  });

  it('reads a path of 108 bytes without a NUL', () => {
    expect(ask(`7 6 1 1 0 0 0100${'61'.repeat(108)} -`)?.local).toBe('a'.repeat(108));
  });

  it('knows other families by name or number, without addresses', () => {
    expect(ask('7 6 16 3 0 -1 1000000000000000 -')).toMatchObject({
      family: 'netlink',
      type: 'raw',
      local: null,
    });
    expect(ask('7 6 38 5 0 0 - -')).toMatchObject({ family: 'af_38', type: 'seqpacket', remote: null });
    expect(() => ask('7 6 38')).toThrow('/run/sockets has a line');
  });
});
