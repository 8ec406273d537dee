import { formatSubject, type Skipped } from '@osi-linux/core';
import { FakeFileTree, FakeKernel } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import { OsiLinux } from '../osi-linux';

const AREA = 0xffff888060000000n;
const keys = {
  'task.fs_offset': 0x868,
  'task.files_offset': 0x870,
  'fs_struct.users_offset': 0,
  'fs_struct.root_mnt_offset': 0x18,
  'fs_struct.root_dentry_offset': 0x20,
  'fs_struct.pwd_mnt_offset': 0x28,
  'fs_struct.pwd_dentry_offset': 0x30,
  'mm.exe_file_offset': 0x120,
  'files.count_offset': 0,
  'fs.fdt_offset': 0x20,
  'fs.fdtab_offset': 0x28,
  'fs.max_fds_offset': 0,
  'fs.fd_offset': 8,
  'fs.close_on_exec_offset': 0x10,
  'fs.open_fds_offset': 0x18,
};

/** Processes with directories, files and programs, on a root file system with a tmpfs on /run. */
function createGuest() {
  const kernel = new FakeKernel([
    { pid: 0, comm: 'swapper/0' },
    { pid: 1, comm: 'init', args: ['/sbin/init'] },
    { pid: 2, comm: 'kthreadd' },
    { pid: 10, ppid: 1, comm: 'daemon', args: ['daemon'], threads: ['own table', 'shared table'] },
    { pid: 20, ppid: 1, comm: 'zombie' },
  ]);
  const { memory } = kernel;
  const tree = new FakeFileTree(memory);
  const superBlock = tree.superBlock('ext4');
  const root = tree.entry({ name: '/', superBlock, directory: true });
  const run = tree.entry({ name: 'run', parent: root, superBlock, directory: true });
  const log = tree.entry({ name: 'log', parent: root, superBlock });
  const top = tree.mount({ id: 1, superBlock, root, source: '/dev/vda' });
  const fuse = tree.superBlock('fuse', 'sshfs');
  const fuseRoot = tree.entry({ name: '/', superBlock: fuse, directory: true });
  const share = tree.entry({ name: 'share', parent: fuseRoot, superBlock: fuse, directory: true });
  const bound = tree.mount({ id: 7, superBlock: fuse, root: share, on: { mnt: top, dentry: run } });
  const logFile = tree.file(top, log, { pos: 12n, flags: 0o102001 });
  const runFile = tree.file(bound, share);

  let next = AREA;
  const allocate = () => {
    next += 0x1000n;
    memory.writeWord(next, 0n);
    return next;
  };
  const writeWords = (address: bigint, words: readonly bigint[]) => {
    for (const [index, word] of words.entries()) memory.writeWord(address + BigInt(index * 8), word);
  };
  const setFs = (pid: number, rootAt: bigint, pwdMnt: bigint, pwd: bigint) => {
    const fs = allocate();
    memory.writeWord(kernel.task(pid) + BigInt(keys['task.fs_offset']), fs);
    memory.writeInt(fs, 1);
    writeWords(fs + 0x18n, [top, rootAt, pwdMnt, pwd]);
  };
  const setFiles = (pids: readonly number[], files: readonly bigint[]) => {
    const table = allocate();
    const slots = allocate();
    const bits = allocate();
    for (const pid of pids) memory.writeWord(kernel.task(pid) + BigInt(keys['task.files_offset']), table);
    memory.writeInt(table, pids.length);
    memory.writeWord(table + 0x20n, table + 0x28n);
    memory.writeInt(table + 0x28n, 64);
    writeWords(table + 0x30n, [slots, bits + 8n, bits]);
    writeWords(slots, files);
    memory.writeInt(bits, 2 ** files.length - 1);
    memory.writeInt(bits + 8n, 1);
    return { table, slots };
  };
  for (const pid of [1, 2, 10]) setFs(pid, root, bound, share);
  setFiles([0, 2], []);
  setFiles([1], [logFile]);
  const daemon = setFiles([10, 12], [logFile, runFile]);
  setFiles([11], [runFile]);
  const mm = tree.read(kernel.task(10) + BigInt(kernel.info['task.mm_offset']));
  memory.writeWord(mm + BigInt(keys['mm.exe_file_offset']), logFile);
  const guest = { memory, info: { ...kernel.info, ...tree.info, ...keys } };
  const linux = new OsiLinux({ kernel: guest, cpus: [] });
  return { linux, kernel, memory, tree, daemon, logFile, runFile, mm, top, bound, log };
}

const reasons = (skipped: readonly Skipped[]) =>
  skipped.map(({ subject, reason }) => `${formatSubject(subject)} ${reason.code}`);

describe('getFiles', () => {
  it('has a row a descriptor of a leader, with its own O_CLOEXEC', () => {
    const rows = createGuest().linux.getFiles();
    expect([...rows]).toEqual([
      { pid: 1, fd: 0, filename: '/log', pos: 12n, flags: 0o2102001 },
      { pid: 10, fd: 0, filename: '/log', pos: 12n, flags: 0o2102001 },
      { pid: 10, fd: 1, filename: '/run', pos: 0n, flags: 0 },
    ]);
    expect(rows.skipped).toEqual([]);
  });

  it('does not show the O_CLOEXEC of open() for a descriptor without it, which f_flags keeps before f_inode', () => {
    const { linux, memory, tree, runFile } = createGuest();
    memory.writeInt(runFile + BigInt(tree.info['fs.f_flags_offset']), 0o2000002);
    const { 'fs.f_inode_offset': _, ...info } = linux.kernel.info;
    const old = new OsiLinux({ kernel: { ...linux.kernel, info }, cpus: [] });
    const flags = ({ flags }: { flags: number | null }) => flags;
    expect(old.getFiles({ pids: [10] }).map(flags)).toEqual([0o2102001, 0o2]);
    expect(linux.getFiles({ pids: [10] }).map(flags)).toEqual([0o2102001, 0o2000002]);
  });

  it('has rows with a tid for threads whose table is their own, where they are wanted', () => {
    const rows = createGuest().linux.getFiles({ threads: true, pids: [10] });
    expect(rows.map(({ pid, tid, fd, filename }) => [pid, tid, fd, filename])).toEqual([
      [10, undefined, 0, '/log'],
      [10, undefined, 1, '/run'],
      [10, 11, 0, '/run'],
    ]);
  });

  it('gives a path that is too long for a link of /proc, with a finding', () => {
    const { linux, tree, memory, kernel, top, log, daemon } = createGuest();
    const superBlock = tree.read(log + BigInt(tree.info['path.d_sb_offset'] as number));
    const name = 'n'.repeat(250);
    let dentry = tree.read(log + BigInt(tree.info['path.d_parent_offset'] as number));
    for (let depth = 0; depth < 17; depth += 1)
      dentry = tree.entry({ name, parent: dentry, superBlock, directory: true });
    const fs = tree.read(kernel.task(10) + BigInt(keys['task.fs_offset']));
    memory.writeWord(fs + BigInt(keys['fs_struct.pwd_mnt_offset']), top);
    memory.writeWord(fs + BigInt(keys['fs_struct.pwd_dentry_offset']), dentry);
    const rows = linux.getEnvironments({ pids: [10] });
    expect(rows[0]?.cwd).toBe(`/${name}`.repeat(17));
    expect(rows.skipped.map(({ subject }) => formatSubject(subject))).not.toContain('pid 10: cwd');
    expect(rows.findings).toMatchObject([{ what: 'long-path', value: `${17 * 251} bytes` }]);
    expect(rows.findings[0]?.evidence).toContain('pid 10: cwd: ');
    memory.writeWord(daemon.slots + 8n, tree.file(top, dentry));
    const files = linux.getFiles({ pids: [10] });
    expect(files.map(({ filename }) => filename)).toEqual(['/log', `/${name}`.repeat(17)]);
    expect(files.skipped).toEqual([]);
    expect(files.findings.map(({ evidence }) => evidence)).toEqual([
      expect.stringContaining('pid 10: fd 1: filename: '),
    ]);
    expect(linux.fdToFilename(linux.getProcesses()[3], 1)).toBe(`/${name}`.repeat(17));
  });

  it('keeps the row of a file that is zeroed, and says why', () => {
    const { linux, memory, runFile } = createGuest();
    memory.writeBytes(runFile, new Uint8Array(0x100));
    const rows = linux.getFiles({ pids: [10] });
    expect(rows[1]).toEqual({ pid: 10, fd: 1, filename: null, pos: null, flags: null });
    expect(reasons(rows.skipped)).toEqual(['pid 10: fd 1 STRUCT_IMPLAUSIBLE']);
  });

  it('does not name a file by another one, where the pointers disagree', () => {
    const { linux, memory, logFile, tree } = createGuest();
    const root = tree.read(tree.read(logFile + 0x18n) + 0x18n);
    memory.writeWord(logFile + 0x18n, root);
    const rows = linux.getFiles({ pids: [1] });
    expect(rows[0]).toMatchObject({ filename: null, pos: 12n });
    expect(reasons(rows.skipped)).toEqual(['pid 1: fd 0: filename STRUCT_IMPLAUSIBLE']);
    const init = linux.getProcesses()[1];
    expect(() => linux.fdToFilename(init, 0)).toThrow(/expected the inode of its f_path/);
  });

  it('loses one process, not the listing, where a table is broken', () => {
    const { linux, memory, daemon } = createGuest();
    memory.writeInt(daemon.table, 0);
    const rows = linux.getFiles();
    expect(rows.map(({ pid }) => pid)).toEqual([1]);
    expect(reasons(rows.skipped)).toEqual(['pid 10: open files STRUCT_IMPLAUSIBLE']);
  });

  it('tells paths without the root of pid 1, and says so', () => {
    const { linux, kernel, memory } = createGuest();
    memory.writeWord(kernel.task(1) + BigInt(keys['task.fs_offset']), 0x10n);
    const rows = linux.getFiles({ pids: [10] });
    expect(rows.map(({ filename }) => filename)).toEqual(['/log', '/run']);
    expect(reasons(rows.skipped)).toEqual(['root of pid 1 STRUCT_IMPLAUSIBLE']);
  });
});

describe('getEnvironments', () => {
  it('has a row a process that /proc shows; what does not exist is null without a reason', () => {
    const { linux, memory, mm } = createGuest();
    for (const key of ['mm.env_start_offset', 'mm.env_end_offset'] as const)
      memory.writeWord(mm + BigInt(linux.kernel.info[key] as number), 0x7ffd00001000n);
    const rows = linux.getEnvironments({ pids: [2, 10, 20] });
    expect([...rows]).toEqual([
      { pid: 2, env: [], cwd: '/run', root: '/', exe: null },
      { pid: 10, env: [], cwd: '/run', root: '/', exe: '/log' },
      { pid: 20, env: [], cwd: null, root: null, exe: null },
    ]);
    expect(rows.skipped).toEqual([]);
    expect(linux.getEnvironments().map(({ pid }) => pid)).toEqual([1, 2, 10, 20]);
  });

  it('reads the strings', () => {
    const { linux, memory, mm } = createGuest();
    memory.writeWord(mm + BigInt(linux.kernel.info['mm.env_start_offset'] as number), 0x7ffd00001000n);
    memory.writeWord(mm + BigInt(linux.kernel.info['mm.env_end_offset'] as number), 0x7ffd00001007n);
    expect(linux.getEnvironments({ pids: [10] })[0]?.env).toEqual(['daemon']);
  });

  it('names a program that is missing, as every process has one', () => {
    const { linux, memory, mm } = createGuest();
    memory.writeWord(mm + BigInt(keys['mm.exe_file_offset']), 0n);
    const rows = linux.getEnvironments({ pids: [10] });
    expect(rows[0]?.exe).toBeNull();
    expect(reasons(rows.skipped)).toContain('pid 10: exe STRUCT_IMPLAUSIBLE');
  });

  it('gives a kernel thread nothing of the process in whose memory it works', () => {
    const { linux, kernel, memory, mm } = createGuest();
    memory.writeWord(kernel.task(2) + BigInt(kernel.info['task.mm_offset']), mm);
    expect(linux.getEnvironments({ pids: [2] })[0]).toMatchObject({ env: [], exe: null });
  });

  it('refuses bounds that cannot be', () => {
    const { linux, memory, mm } = createGuest();
    memory.writeWord(mm + BigInt(linux.kernel.info['mm.env_end_offset'] as number), 0x7fff00000000n);
    const rows = linux.getEnvironments({ pids: [10] });
    expect(rows[0]).toMatchObject({ env: null, cwd: '/run', exe: '/log' });
    expect(reasons(rows.skipped)).toEqual(['pid 10: env ENVIRONMENT_IMPLAUSIBLE']);
  });
});

describe('getMounts', () => {
  it('has the rows of mountinfo', () => {
    const rows = createGuest().linux.getMounts();
    expect([...rows]).toEqual([
      { id: 1, parent: 1, root: '/', mountpoint: '/', fstype: 'ext4', source: '/dev/vda' },
      { id: 7, parent: 1, root: '/share', mountpoint: '/run', fstype: 'fuse.sshfs', source: 'none' },
    ]);
    expect(rows.skipped).toEqual([]);
  });

  it.each([
    ['btrfs', 'loop1', 'none', '/dev/loop1'],
    ['btrfs', 'vda2', undefined, '/dev/vda2'],
    ['btrfs', 'cciss!c0d0', 'none', '/dev/cciss/c0d0'],
    ['btrfs', 'loop1', '/dev/sdb', '/dev/sdb'],
    ['tmpfs', 'tmpfs', 'none', 'none'],
  ])('has of %s on %s, given as %s, the source %s', (type, id, given, expected) => {
    const { linux, tree, top, log } = createGuest();
    const superBlock = tree.superBlock(type, undefined, id);
    const root = tree.entry({ name: '/', superBlock, directory: true });
    tree.mount({ id: 9, superBlock, root, on: { mnt: top, dentry: log }, ...(given && { source: given }) });
    const rows = linux.getMounts();
    expect(rows.find((row) => row.id === 9)?.source).toBe(expected);
    expect(rows.skipped).toEqual([]);
  });

  it('has null for btrfs without the key of its device', () => {
    const { linux, tree, top, log } = createGuest();
    const superBlock = tree.superBlock('btrfs', undefined, 'loop1');
    const root = tree.entry({ name: '/', superBlock, directory: true });
    tree.mount({ id: 9, superBlock, root, on: { mnt: top, dentry: log } });
    const { 'super.s_id_offset': _, ...info } = linux.kernel.info;
    const rows = new OsiLinux({ kernel: { ...linux.kernel, info }, cpus: [] }).getMounts();
    expect(rows.map(({ source }) => source)).toEqual(['/dev/vda', 'none', null]);
    expect(reasons(rows.skipped)).toEqual(['mount 9: source PROFILE_KEY_MISSING']);
  });

  it('has null for a device that only the device mapper can name', () => {
    const { linux, tree, top, log } = createGuest();
    const superBlock = tree.superBlock('btrfs', undefined, 'dm-0');
    const root = tree.entry({ name: '/', superBlock, directory: true });
    tree.mount({ id: 9, superBlock, root, on: { mnt: top, dentry: log }, source: 'none' });
    const rows = linux.getMounts();
    expect(rows.find((row) => row.id === 9)?.source).toBeNull();
    expect(reasons(rows.skipped)).toEqual(['mount 9: source MOUNT_SOURCE_UNKNOWN']);
  });

  it('leaves out what the process cannot reach', () => {
    const { linux, kernel, memory, tree, bound } = createGuest();
    const fs = tree.read(kernel.task(10) + BigInt(keys['task.fs_offset']));
    memory.writeWord(fs + 0x18n, bound);
    memory.writeWord(fs + 0x20n, tree.read(bound));
    expect(linux.getMounts(10).map(({ id, mountpoint }) => [id, mountpoint])).toEqual([[7, '/']]);
  });

  it('is empty for a process that has ended, and says so of one that is not there', () => {
    const { linux } = createGuest();
    const ended = linux.getMounts(20);
    expect([ended.length, ended.skipped.length]).toEqual([0, 0]);
    expect(reasons(linux.getMounts(99).skipped)).toEqual(['pid 99: mounts PROCESS_UNKNOWN']);
  });

  it('has null for what is missing of a row', () => {
    const { linux, memory, bound, tree } = createGuest();
    memory.remove(tree.read(tree.read(bound + 8n) + 0x28n));
    const rows = linux.getMounts();
    expect(rows[1]).toMatchObject({ id: 7, mountpoint: '/run', fstype: null, source: null });
    const parts = ['mount 7: fstype PAGE_NOT_PRESENT', 'mount 7: source PAGE_NOT_PRESENT'];
    expect(reasons(rows.skipped)).toEqual(parts);
  });
});
