import type { GuestFiles } from './guest-files';
import type { GuestMemory } from './guest-memory';
import type { FileTruth, LeftOut, SocketTruth } from './layout-truth';
import type { LinuxAge } from './linux-age';
import type { DescriptorLayout } from './structs/fd-table-layout';
import type { FileTreeLayout, PathLayout } from './structs/file-tree-layout';
import type { EndpointPlan, SocketPlan, SocketsLayout } from './structs/socket-layout';
import type { SpecialFilesLayout } from './structs/special-files-layout';

/** The parts that lay out files. */
export interface FileParts {
  readonly memory: GuestMemory;
  readonly age: LinuxAge;
  readonly tree: FileTreeLayout;
  readonly special: SpecialFilesLayout;
  readonly sockets: SocketsLayout;
  readonly files: GuestFiles;
}

/** Which parts of a guest a section has no keys for. */
export function findLeftOut({ memory: { keys }, age }: Pick<FileParts, 'memory' | 'age'>): Set<LeftOut> {
  const left = new Set<LeftOut>();
  if (!keys.has('path.d_sb_offset', 'path.d_inode_offset', 'super.s_type_offset')) left.add('special files');
  if (age.namesInDirectory && !keys.has('path.DCACHE_UNHASHED')) left.add('anonymous inodes');
  if (!keys.has('proc_ns_operations.name_offset')) left.add('namespaces');
  if (!IP_KEYS.every((key) => keys.has(key)) || !IPV6_KEYS.some((key) => keys.has(key)))
    left.add('IP sockets');
  return left;
}

const IP_KEYS = [
  ...['inet_sock.inet_sport_offset', 'sock.skc_dport_offset', 'sock.skc_rcv_saddr_offset'],
  'sock.skc_daddr_offset',
];
const IPV6_KEYS = ['sock.skc_v6_daddr_offset', 'inet_sock.pinet6_offset'];
const O_LARGEFILE = 0o100000;
const O_CLOEXEC = 0o2000000;

/** The descriptors of one process, with the rows that show them. */
export class DescriptorsPlan {
  readonly descriptors: DescriptorLayout[] = [];
  readonly files: FileTruth[] = [];
  readonly sockets: SocketTruth[] = [];
  private readonly parts: FileParts;
  private readonly pid: number;

  constructor(parts: FileParts, pid: number) {
    this.parts = parts;
    this.pid = pid;
  }

  /** A descriptor of a file that has a path. */
  open(
    fd: number,
    path: string,
    options: { flags?: number; pos?: bigint; closeOnExec?: boolean } = {},
  ): this {
    const { tree, files } = this.parts;
    return this.add(fd, files.path(path), path, { ...options, file: tree.file(files.path(path), options) });
  }

  /** A descriptor of a file by its place, which the link shows as `filename`. */
  openAt(fd: number, path: PathLayout, filename: string, inode?: bigint): this {
    const file = this.parts.tree.file(path, inode === undefined ? {} : { inode });
    return this.add(fd, path, filename, { file });
  }

  /** A descriptor of a socket. */
  socket(fd: number, row: Omit<SocketTruth, 'pid' | 'fd' | 'inode'>, plan: SocketPlan): this {
    const { file } = this.parts.sockets.create(plan);
    return this.addSocket(fd, file, row, plan.ino);
  }

  /** Two descriptors of unix sockets that are connected, the first of which has a name. */
  socketPair(fd: number, name: string, shown: string): this {
    const common = { type: 1, family: 1, state: 1 };
    const ends = [
      { ...common, ino: 7100 + fd, name },
      { ...common, ino: 7101 + fd },
    ] as const;
    const [one, other] = [this.parts.sockets.create(ends[0]), this.parts.sockets.create(ends[1])];
    this.parts.sockets.connect(one, other);
    const row = { family: 'unix', type: 'stream', state: 'CONNECTED' };
    this.addSocket(fd, one.file, { ...row, local: shown, remote: null }, ends[0].ino);
    return this.addSocket(fd + 1, other.file, { ...row, local: null, remote: shown }, ends[1].ino);
  }

  private addSocket(
    fd: number,
    file: bigint,
    row: Omit<SocketTruth, 'pid' | 'fd' | 'inode'>,
    ino: number,
  ): this {
    this.sockets.push({ pid: this.pid, fd, ...row, inode: BigInt(ino) });
    this.files.push({ pid: this.pid, fd, filename: `socket:[${ino}]`, pos: 0n, flags: 2 });
    this.descriptors.push({ fd, file, closeOnExec: false });
    return this;
  }

  private add(
    fd: number,
    _path: PathLayout,
    filename: string,
    {
      file,
      flags = 0,
      pos = 0n,
      closeOnExec = false,
    }: { file: bigint; flags?: number; pos?: bigint; closeOnExec?: boolean },
  ): this {
    this.descriptors.push({ fd, file, closeOnExec });
    this.files.push({ pid: this.pid, fd, filename, pos, flags: closeOnExec ? flags | O_CLOEXEC : flags });
    return this;
  }
}

/** The files of a process with few descriptors. */
export function planFewFiles(parts: FileParts, pid: number): DescriptorsPlan {
  const flags = O_LARGEFILE | 2;
  return new DescriptorsPlan(parts, pid)
    .open(0, '/dev/null', { flags })
    .open(1, '/dev/console', { flags })
    .open(3, '/run/initctl', { flags, closeOnExec: true });
}

/** The files of a process with more descriptors than the small table holds, of every kind that the section can describe. */
export function planManyFiles(parts: FileParts, pid: number, left: ReadonlySet<LeftOut>): DescriptorsPlan {
  const plan = new DescriptorsPlan(parts, pid)
    .open(0, '/dev/null', { flags: O_LARGEFILE })
    .open(1, '/var/log/worker.log', { flags: O_LARGEFILE | 0o2001, pos: 0x1_0000_0005n })
    .open(5, '/run/user/1000/session')
    .open(6, '/usr/share/a-name-that-is-too-long-for-the-place-inside-of-its-directory-entry');
  if (!left.has('special files')) planSpecialFiles(plan, parts, left);
  return plan.open(200, '/mnt/share', { flags: 0o200000 }).open(255, '/tmp', { flags: 0o200000 });
}

function planSpecialFiles(plan: DescriptorsPlan, parts: FileParts, left: ReadonlySet<LeftOut>): void {
  const { tree, special, files, age } = parts;
  const tmp = files.path('/tmp');
  const scratch = { mount: tmp.mount, entry: tree.entry(tmp.entry, 'scratch', { unhashed: 'deleted' }) };
  plan.openAt(3, special.pipe(4711), 'pipe:[4711]').openAt(4, scratch, '/tmp/scratch (deleted)');
  plan.openAt(7, special.sharedMemory(), '/dev/zero (deleted)');
  if (!left.has('anonymous inodes')) plan.openAt(8, special.anonymous('[eventfd]'), 'anon_inode:[eventfd]');
  if (!left.has('namespaces')) plan.openAt(11, special.namespace('net', 4026531956), 'net:[4026531956]');
  if (age.opensLayerBelow) planOverlayFile(plan, parts);
  planSockets(plan, left);
}

/** A file on overlayfs, whose inode is that of the layer below. */
function planOverlayFile(plan: DescriptorsPlan, { tree, files }: FileParts): void {
  const root = tree.root(tree.superBlock('overlay'));
  const mount = tree.mount(40, root, 'overlay', files.path('/mnt/far'));
  const below = files.path('/usr/bin/worker');
  plan.openAt(12, { mount, entry: tree.entry(root, 'merged') }, '/mnt/far/merged', below.entry.inode);
}

const end = (port: number, ...address: number[]): EndpointPlan => ({ address, port });

function planSockets(plan: DescriptorsPlan, left: ReadonlySet<LeftOut>): void {
  plan
    .socket(
      20,
      { family: 'unix', type: 'stream', state: 'LISTEN', local: '/run/worker.sock', remote: null },
      { ino: 7000, type: 1, family: 1, state: 10, name: '/run/worker.sock' },
    )
    .socketPair(21, '\0a name', '@a name')
    .socket(
      23,
      { family: 'netlink', type: 'raw', state: null, local: null, remote: null },
      { ino: 7003, type: 3, family: 16, state: 7 },
    );
  if (!left.has('IP sockets')) planIpSockets(plan);
}

function planIpSockets(plan: DescriptorsPlan): void {
  const tcp = { type: 1, family: 2, protocol: 6 };
  plan
    .socket(
      24,
      { family: 'inet', type: 'stream', state: 'LISTEN', local: '0.0.0.0:80', remote: '0.0.0.0:0' },
      { ...tcp, ino: 7004, state: 10, local: end(80, 0, 0, 0, 0) },
    )
    .socket(
      25,
      {
        family: 'inet',
        type: 'stream',
        state: 'ESTABLISHED',
        local: '10.0.2.15:43210',
        remote: '93.184.216.34:443',
      },
      { ...tcp, ino: 7005, state: 1, local: end(43210, 10, 0, 2, 15), remote: end(443, 93, 184, 216, 34) },
    )
    .socket(
      26,
      { family: 'inet', type: 'dgram', state: 'CLOSE', local: '127.0.0.1:53', remote: '0.0.0.0:0' },
      { ino: 7006, type: 2, family: 2, protocol: 17, state: 7, local: end(53, 127, 0, 0, 1) },
    );
  const [here, there] = [
    [0xfe80, 0x1],
    [0x2001, 0xdb8],
  ].map(([high = 0, next = 0]) => {
    return [high >> 8, high & 0xff, next >> 8, next & 0xff, ...Array.from({ length: 11 }, () => 0), 9];
  });
  plan.socket(
    27,
    {
      family: 'inet6',
      type: 'stream',
      state: 'ESTABLISHED',
      local: '[fe80:1::9]:22',
      remote: '[2001:db8::9]:50022',
    },
    {
      ...{ ino: 7007, type: 1, family: 10, protocol: 6, state: 1 },
      ...{ local: end(22, ...(here ?? [])), remote: end(50022, ...(there ?? [])) },
    },
  );
}
