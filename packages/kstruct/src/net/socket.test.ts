import { OsiError } from '@osi-linux/core';
import { FakeVirtualMemory } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import { OpenFile } from '../fs/open-file';
import type { Kernel } from '../kernel/kernel';
import { findSocket } from './socket';

const [FILE, SOCKET, INODE, SOCK] = [
  0xffff888000001000n,
  0xffff888000002000n,
  0xffff888000002080n,
  0xffff888000003000n,
];
const [OTHER, NAME, OTHER_NAME] = [0xffff888000004000n, 0xffff888000005000n, 0xffff888000006000n];

const info = {
  'fs.f_inode_offset': 0x20,
  'fs.f_flags_offset': 0x28,
  'fs.private_data_offset': 0x30,
  'inode.i_mode_offset': 0,
  'inode.i_sb_offset': 0x28,
  'inode.i_ino_offset': 0x40,
  'socket.type_offset': 4,
  'socket.sk_offset': 24,
  'sock.skc_daddr_offset': 0,
  'sock.skc_rcv_saddr_offset': 4,
  'sock.skc_dport_offset': 12,
  'sock.skc_num_offset': 14,
  'sock.skc_family_offset': 16,
  'sock.skc_state_offset': 18,
  'sock.skc_v6_daddr_offset': 56,
  'sock.skc_v6_rcv_saddr_offset': 72,
  'sock.sk_socket_offset': 288,
  'inet_sock.inet_sport_offset': 830,
  'unix_sock.addr_offset': 800,
  'unix_sock.peer_offset': 872,
  'unix_address.len_offset': 4,
  'unix_address.name_offset': 8,
} as const;

/** Of before v3.9: no inode in the file, the ports in inet_sock, the IPv6 addresses in ipv6_pinfo. */
const {
  'fs.f_inode_offset': _inode,
  'sock.skc_v6_daddr_offset': _daddr,
  'sock.skc_v6_rcv_saddr_offset': _saddr,
  ...kept
} = info;
const oldInfo = {
  ...kept,
  'fs.f_path_mnt_offset': 0x10,
  'fs.f_path_dentry_offset': 0x18,
  'path.d_inode_offset': 0x30,
  'sock.skc_dport_offset': 808,
  'sock.skc_num_offset': 810,
  'inet_sock.pinet6_offset': 800,
  'ipv6_pinfo.rcv_saddr_offset': 16,
  'ipv6_pinfo.daddr_offset': 32,
} as const;
const [DENTRY, PINFO] = [0xffff888000007000n, SOCK + 0x700n];

const bytesOf = (text: string) => new TextEncoder().encode(text);
const half = (value: number) => Uint8Array.of(value & 0xff, value >> 8);

/** A file that leads to a socket of its own; each test writes its own values over it. */
class FakeSocket {
  readonly memory = new FakeVirtualMemory();
  readonly kernel: Kernel;

  constructor(type: number, family: number, state: number, profile: Kernel['info'] = info) {
    const { memory } = this;
    this.kernel = { memory, info: profile };
    memory.writeWord(FILE + 0x20n, INODE);
    memory.writeWord(FILE + 0x30n, SOCKET);
    memory.writeBytes(INODE, half(0o140777));
    memory.writeWord(INODE + 0x28n, 0xffff888000100000n);
    memory.writeBytes(SOCKET + 4n, half(type));
    memory.writeWord(SOCKET + 24n, SOCK);
    memory.writeWord(SOCK + 288n, SOCKET);
    this.writeSock(SOCK, family, state);
  }

  writeSock(address: bigint, family: number, state: number): void {
    this.memory.writeBytes(address + 16n, half(family));
    this.memory.writeBytes(address + 18n, Uint8Array.of(state));
  }

  /** Binds a unix socket; a path is given with the NUL that the kernel counts. */
  bind(sock: bigint, at: bigint, name: string, family = 1): void {
    this.memory.writeWord(sock + 800n, at);
    this.memory.writeInt(at + 4n, bytesOf(name).length + 2);
    this.memory.writeBytes(at + 8n, half(family));
    this.memory.writeBytes(at + 10n, bytesOf(name));
  }

  connect(one: bigint, other: bigint): void {
    this.memory.writeWord(one + 872n, other);
  }

  find() {
    return findSocket(this.kernel, new OpenFile(this.kernel, FILE));
  }

  get ends(): (string | undefined)[] {
    const sk = this.find()?.sk;
    return [sk?.local, sk?.remote];
  }
}

function reasonOf(run: () => unknown): string {
  try {
    run();
    return 'nothing was thrown';
  } catch (error) {
    if (!OsiError.is(error)) throw error;
    return `${error.code} ${error.message}`;
  }
}

const [STREAM, DGRAM, RAW] = [1, 2, 3];
const [UNIX, INET, INET6, NETLINK] = [1, 2, 10, 16];

describe('an IP socket', () => {
  it('has two ends', () => {
    const fake = new FakeSocket(STREAM, INET, 1);
    fake.memory.writeBytes(SOCK, Uint8Array.of(10, 0, 0, 2, 127, 0, 0, 1));
    fake.memory.writeBytes(SOCK + 12n, Uint8Array.of(0x1f, 0x90));
    fake.memory.writeBytes(SOCK + 830n, Uint8Array.of(0, 80));
    expect(fake.ends).toEqual(['127.0.0.1:80', '10.0.0.2:8080']);
    expect(fake.find()).toMatchObject({ type: STREAM, sk: { family: INET, state: 1 } });
  });

  it('has zeros where it is not connected, and a raw one no other port', () => {
    expect(new FakeSocket(DGRAM, INET, 7).ends).toEqual(['0.0.0.0:0', '0.0.0.0:0']);
    const raw = new FakeSocket(RAW, INET, 1);
    raw.memory.writeBytes(SOCK + 12n, Uint8Array.of(0x1f, 0x90));
    raw.memory.writeBytes(SOCK + 830n, Uint8Array.of(0, 1));
    expect(raw.ends).toEqual(['0.0.0.0:1', '0.0.0.0:0']);
  });

  it('has no other end any more once its connection is over', () => {
    const fake = new FakeSocket(STREAM, INET, 7);
    fake.memory.writeBytes(SOCK, Uint8Array.of(10, 0, 0, 2, 127, 0, 0, 1));
    fake.memory.writeBytes(SOCK + 12n, Uint8Array.of(0x1f, 0x90));
    expect(fake.ends).toEqual(['127.0.0.1:0', '0.0.0.0:0']);
  });

  it.each([
    ['::', []],
    ['::1', [[15, 1]]],
    ['1::', [[1, 1]]],
    [
      'fe80::5054:ff:fe12:3456',
      [
        [0, 0xfe],
        [1, 0x80],
        [8, 0x50],
        [9, 0x54],
        [11, 0xff],
        [12, 0xfe],
        [13, 0x12],
        [14, 0x34],
        [15, 0x56],
      ],
    ],
    [
      '1:0:0:1::1',
      [
        [1, 1],
        [7, 1],
        [15, 1],
      ],
    ],
    [
      '1::1:0:0:1',
      [
        [1, 1],
        [9, 1],
        [15, 1],
      ],
    ],
    [
      '2001:db8:0:1:1:1:1:1',
      [
        [0, 0x20],
        [1, 1],
        [2, 0xd],
        [3, 0xb8],
        [7, 1],
        [9, 1],
        [11, 1],
        [13, 1],
        [15, 1],
      ],
    ],
    [
      '::ffff:1.2.3.4',
      [
        [10, 0xff],
        [11, 0xff],
        [12, 1],
        [13, 2],
        [14, 3],
        [15, 4],
      ],
    ],
  ])('of IPv6 prints %s', (expected, bytes) => {
    const fake = new FakeSocket(STREAM, INET6, 10);
    for (const [at, value] of bytes as [number, number][])
      fake.memory.writeBytes(SOCK + 72n + BigInt(at), Uint8Array.of(value));
    expect(fake.ends).toEqual([`[${expected}]:0`, '[::]:0']);
  });
});

describe('an IP socket of before v3.9', () => {
  /** One whose file has no inode, and whose IPv6 addresses are behind it: `::1` and `fe80::2`. */
  const createOld = (family: number, profile: Kernel['info'] = oldInfo) => {
    const fake = new FakeSocket(STREAM, family, 1, profile);
    fake.memory.writeWord(FILE + 0x18n, DENTRY);
    fake.memory.writeWord(DENTRY + 0x30n, INODE);
    fake.memory.writeWord(FILE + 0x20n, 0n);
    fake.memory.writeWord(SOCK + 800n, PINFO);
    fake.memory.writeBytes(SOCK + 808n, Uint8Array.of(0x1f, 0x90));
    fake.memory.writeBytes(SOCK + 830n, Uint8Array.of(0, 80));
    fake.memory.writeBytes(SOCK, Uint8Array.of(10, 0, 0, 2, 127, 0, 0, 1));
    fake.memory.writeBytes(PINFO + 31n, Uint8Array.of(1, 0xfe, 0x80));
    fake.memory.writeBytes(PINFO + 47n, Uint8Array.of(2));
    return fake;
  };

  it('is found by the inode of its path, and has the ports of inet_sock', () => {
    expect(createOld(INET).ends).toEqual(['127.0.0.1:80', '10.0.0.2:8080']);
  });

  it('has the IPv6 addresses of its ipv6_pinfo', () => {
    expect(createOld(INET6).ends).toEqual(['[::1]:80', '[fe80::2]:8080']);
  });

  it('has the addresses of the sock where the profile knows both places', () => {
    const both = { ...oldInfo, 'sock.skc_v6_daddr_offset': 56, 'sock.skc_v6_rcv_saddr_offset': 72 };
    expect(createOld(INET6, both).ends).toEqual(['[::]:80', '[::]:8080']);
  });

  it('needs the newer key where the profile knows neither place', () => {
    const { 'inet_sock.pinet6_offset': _, ...neither } = oldInfo;
    expect(reasonOf(() => createOld(INET6, neither).ends)).toBe(
      'PROFILE_KEY_MISSING the profile has no sock.skc_v6_rcv_saddr_offset',
    );
  });

  it.each([
    ['null', 0n],
    ['before the sock', SOCK - 8n],
    ['of another object', SOCK + 0x2000n],
  ])('has no addresses where its pointer to them is %s', (_, pinet6) => {
    const fake = createOld(INET6);
    fake.memory.writeWord(SOCK + 800n, pinet6);
    expect(reasonOf(() => fake.find()?.sk.local)).toMatch(/^STRUCT_IMPLAUSIBLE .*pinet6 is/);
    expect(reasonOf(() => fake.find()?.sk.remote)).toMatch(/^STRUCT_IMPLAUSIBLE .*pinet6 is/);
  });

  it('is refused where its path leads to no inode', () => {
    const fake = createOld(INET);
    fake.memory.writeWord(DENTRY + 0x30n, 0n);
    expect(reasonOf(() => fake.find())).toMatch(/^STRUCT_IMPLAUSIBLE invalid dentry .*d_inode is 0x0/);
  });
});

describe('a unix socket', () => {
  it('has a path, an abstract name with @ for each NUL, or none', () => {
    const fake = new FakeSocket(STREAM, UNIX, 10);
    expect(fake.ends).toEqual([undefined, undefined]);
    fake.bind(SOCK, NAME, '/run/ä\n\0');
    expect(fake.ends).toEqual(['/run/ä\n', undefined]);
    fake.bind(SOCK, NAME, '\0a\0b');
    expect(fake.ends).toEqual(['@a@b', undefined]);
  });

  it('has the longest path that the kernel takes', () => {
    const fake = new FakeSocket(STREAM, UNIX, 10);
    fake.bind(SOCK, NAME, `${'x'.repeat(108)}\0`);
    expect(fake.ends[0]).toBe('x'.repeat(108));
    fake.bind(SOCK, NAME, `${'x'.repeat(109)}\0`);
    expect(reasonOf(() => fake.ends)).toMatch(/invalid unix_address at .*: len is 112, expected 3 to 111/);
  });

  it('has the name of its peer, which knows it or is closed', () => {
    const fake = new FakeSocket(STREAM, UNIX, 1);
    fake.writeSock(OTHER, UNIX, 1);
    fake.bind(OTHER, OTHER_NAME, '\0server');
    fake.connect(SOCK, OTHER);
    expect(fake.ends).toEqual([undefined, '@server']);
    fake.connect(OTHER, SOCK);
    expect(fake.ends).toEqual([undefined, '@server']);
    fake.connect(OTHER, 0xffff888000009000n);
    expect(reasonOf(() => fake.ends)).toMatch(/STRUCT_IMPLAUSIBLE .*peer/);
  });

  it('of datagrams may have a peer that is connected elsewhere', () => {
    const fake = new FakeSocket(DGRAM, UNIX, 1);
    fake.writeSock(OTHER, UNIX, 7);
    fake.bind(OTHER, OTHER_NAME, '/dev/log\0');
    fake.connect(SOCK, OTHER);
    fake.connect(OTHER, 0xffff888000009000n);
    expect(fake.ends).toEqual([undefined, '/dev/log']);
  });

  it('whose address is of another family is refused', () => {
    const fake = new FakeSocket(STREAM, UNIX, 10);
    fake.bind(SOCK, NAME, '/run/x\0', 0);
    expect(reasonOf(() => fake.ends)).toMatch(/name\.sun_family is 0, expected 1/);
  });
});

describe('findSocket', () => {
  it('has no addresses of other families', () => {
    expect(new FakeSocket(RAW, NETLINK, 7).ends).toEqual([undefined, undefined]);
  });

  it('leaves other files alone, and the name of a socket that was opened with O_PATH', () => {
    const other = new FakeSocket(STREAM, UNIX, 1);
    other.memory.writeBytes(INODE, half(0o100644));
    expect(other.find()).toBeUndefined();
    const path = new FakeSocket(STREAM, UNIX, 1);
    path.memory.writeInt(FILE + 0x28n, 0o10000000);
    path.memory.writeWord(FILE + 0x30n, 0n);
    expect(path.find()).toBeUndefined();
  });

  it.each<[string, (memory: FakeVirtualMemory) => void]>([
    ['private_data is 0x0', (memory) => memory.writeWord(FILE + 0x30n, 0n)],
    ['private_data is 0xffff888000003000', (memory) => memory.writeWord(FILE + 0x30n, SOCK)],
    ['i_mode is 0', (memory) => memory.writeBytes(INODE, half(0))],
    ['type is 0', (memory) => memory.writeBytes(SOCKET + 4n, half(0))],
    ['sk is 0x0', (memory) => memory.writeWord(SOCKET + 24n, 0n)],
    ['sk_socket is 0x0', (memory) => memory.writeWord(SOCK + 288n, 0n)],
    ['skc_family is 0', (memory) => memory.writeBytes(SOCK + 16n, half(0))],
    ['skc_state is 13', (memory) => memory.writeBytes(SOCK + 18n, Uint8Array.of(13))],
  ])('does not take for a socket what has a wrong member: %s', (expected, damage) => {
    const fake = new FakeSocket(STREAM, INET, 10);
    damage(fake.memory);
    const read = () => {
      const socket = fake.find();
      return [socket?.type, socket?.sk.state];
    };
    expect(reasonOf(read)).toMatch(new RegExp(`^STRUCT_IMPLAUSIBLE invalid .*${expected}`));
  });
});
