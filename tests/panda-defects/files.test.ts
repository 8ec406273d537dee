import { OsiError } from '@osi-linux/core';
import { OpenFile } from '@osi-linux/kstruct';
import { Osi } from '@osi-linux/osi';
import { OsiLinux } from '@osi-linux/osi-linux';
import { codeOf } from '@osi-linux/test-fixtures/expect';
import { FakeFileTree, FakeKernel, FakeVirtualMemory } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';

/** More pages than a walk over a handful of structures looks up. */
const PAGES_LIMIT = 50_000;
const TABLE = 0xffff888060000000n;
const SLOTS = TABLE + 0x2000n;
const BITS = TABLE + 0x4000n;
const VMAS = 0xffff888030000000n;
const PC_OF_LIBC = 0x7f0000001000n;
const HEAP = 0x600000n;
const ARGS = 0x7ffd00001000n;
const MAX_FDS = 64;

const KEYS = {
  'task.fs_offset': 0x868,
  'task.files_offset': 0x870,
  'fs_struct.users_offset': 0,
  'fs_struct.root_mnt_offset': 0x18,
  'fs_struct.root_dentry_offset': 0x20,
  'fs_struct.pwd_mnt_offset': 0x28,
  'fs_struct.pwd_dentry_offset': 0x30,
  'fs.fdt_offset': 0x20,
  'fs.fdtab_offset': 0x40,
  'fs.max_fds_offset': 0,
  'fs.fd_offset': 8,
  'fs.close_on_exec_offset': 0x10,
  'fs.open_fds_offset': 0x18,
  'mm.mmap_offset': 0,
  'mm.map_count_offset': 0x40,
  'mm.start_brk_offset': 0x120,
  'mm.brk_offset': 0x128,
  'mm.start_stack_offset': 0x130,
  'vma.vm_mm_offset': 0x10,
  'vma.vm_start_offset': 0,
  'vma.vm_end_offset': 8,
  'vma.vm_flags_offset': 0x20,
  'vma.vm_next_offset': 0x30,
  'vma.vm_pgoff_offset': 0x60,
  'vma.vm_file_offset': 0x68,
} as const;

/** Three file systems in each other: /, /run and /run/user/1000, with a file in the last one. */
function createTree(memory: FakeVirtualMemory) {
  const tree = new FakeFileTree(memory);
  const [ext4, tmpfs, user] = [tree.superBlock('ext4'), tree.superBlock('tmpfs'), tree.superBlock('tmpfs')];
  const rootOf = (superBlock: bigint) => tree.entry({ name: '/', superBlock, directory: true });
  const root = rootOf(ext4);
  const top = tree.mount({ id: 1, superBlock: ext4, root });
  const run = tree.entry({ name: 'run', parent: root, superBlock: ext4, directory: true });
  const runRoot = rootOf(tmpfs);
  const mountOfRun = tree.mount({ id: 2, superBlock: tmpfs, root: runRoot, on: { mnt: top, dentry: run } });
  const users = tree.entry({ name: 'user', parent: runRoot, superBlock: tmpfs, directory: true });
  const own = tree.entry({ name: '1000', parent: users, superBlock: tmpfs, directory: true });
  const ownRoot = rootOf(user);
  const on = { mnt: mountOfRun, dentry: own };
  const mountOfOwn = tree.mount({ id: 3, superBlock: user, root: ownRoot, on });
  const x = tree.entry({ name: 'x', parent: ownRoot, superBlock: user });
  const libc = tree.entry({ name: 'libc.so.6', parent: root, superBlock: ext4 });
  return { tree, root, top, run, users, own, x, file: tree.file(mountOfOwn, x), libc: tree.file(top, libc) };
}

/** A guest whose pid 1 has one file open, maps a library twice, and has one page of anonymous memory. */
function createGuest(rip = PC_OF_LIBC) {
  const fake = new FakeKernel([
    { pid: 0, comm: 'swapper/0' },
    { pid: 1, comm: 'init', args: ['/sbin/init'] },
    { pid: 2, comm: 'kthreadd' },
  ]);
  fake.run([1]);
  const { memory } = fake;
  const parts = createTree(memory);
  const info = { ...fake.info, ...parts.tree.info, ...KEYS };
  const words = (address: bigint, values: readonly bigint[]) => {
    for (const [index, value] of values.entries()) memory.writeWord(address + BigInt(index * 8), value);
  };
  const fs = TABLE + 0x6000n;
  memory.writeWord(fake.task(1) + 0x868n, fs);
  memory.writeInt(fs, 1);
  words(fs + 0x18n, [parts.top, parts.root, parts.top, parts.root]);
  memory.writeWord(fake.task(1) + 0x870n, TABLE);
  memory.writeWord(TABLE + 0x20n, TABLE + 0x40n);
  memory.writeInt(TABLE + 0x40n, MAX_FDS);
  words(TABLE + 0x48n, [SLOTS, BITS + 0x800n, BITS]);
  memory.writeWord(SLOTS + 3n * 8n, parts.file);
  memory.writeWord(BITS, 8n);
  const mm = parts.tree.read(fake.task(1) + 0x830n);
  placeVmas(memory, mm, [parts.libc, parts.libc, 0n]);
  words(mm + 0x120n, [HEAP, HEAP + 0x1000n, ARGS]);
  const kernel = { memory, info };
  const cpus = [{ index: 0, registers: { cs: 0x33n, rip } }];
  const written: [number, number[]][] = [];
  const writePhysical = (address: number, bytes: Uint8Array) => written.push([address, [...bytes]]);
  const linux = new OsiLinux({ kernel, cpus, writePhysical });
  const osi = new Osi();
  osi.register(linux);
  return { ...parts, fake, memory, kernel, linux, osi, mm, written, init: linux.getProcesses()[1]! };
}

/** Mappings of one page each with a page between them, the first at the program counter. */
function placeVmas(memory: FakeVirtualMemory, mm: bigint, files: readonly bigint[]): void {
  memory.writeWord(mm, VMAS);
  memory.writeInt(mm + 0x40n, files.length);
  files.forEach((file, index) => {
    const at = VMAS + BigInt(index) * 0x100n;
    const start = PC_OF_LIBC + BigInt(index) * 0x2000n;
    memory.writeWord(at, start);
    memory.writeWord(at + 8n, start + 0x1000n);
    memory.writeWord(at + 0x10n, mm);
    memory.writeWord(at + 0x20n, 0x75n);
    memory.writeWord(at + 0x30n, index + 1 < files.length ? at + 0x100n : 0n);
    memory.writeWord(at + 0x60n, 0n);
    memory.writeWord(at + 0x68n, file);
  });
}

/** The memory of pid 1 as it sees it itself. */
function userMemory({ memory, tree, mm }: ReturnType<typeof createGuest>): FakeVirtualMemory {
  return memory.spaces.get(memory.translate(tree.read(mm + 0x48n))!)!;
}

/** Fails where a walk does not come to its end. */
function boundReads(memory: FakeVirtualMemory): void {
  let pages = 0;
  const page = (address: bigint) => {
    pages += 1;
    if (pages > PAGES_LIMIT) throw new RangeError(`more than ${PAGES_LIMIT} pages were looked up`);
    return FakeVirtualMemory.prototype.page.call(memory, address);
  };
  Object.assign(memory, { page });
}

describe('mappings', () => {
  it('3: of one file have a row each that is their own, which nothing done to another one changes', () => {
    const { osi, init } = createGuest();
    const rows = osi.getMappings(init);
    Object.assign(rows[0]!, { file: 'freed', name: 'freed' });
    expect([rows[1]?.file, rows[1]?.name]).toEqual(['/libc.so.6', 'libc.so.6']);
    expect(osi.getMappings(init).map(({ file }) => file)).toEqual(['/libc.so.6', '/libc.so.6', null]);
  });

  it('14: tell the first and the last address of a library from those beside it, and have no name to trip over', () => {
    const at = (rip: bigint) => {
      const { osi, init } = createGuest(rip);
      return osi.inSharedObject(init);
    };
    const end = PC_OF_LIBC + 0x1000n;
    expect([PC_OF_LIBC - 1n, PC_OF_LIBC, end - 1n, end].map(at)).toEqual([false, true, true, false]);
    expect(at(PC_OF_LIBC + 0x4000n)).toBe(false);
  });

  it('14: of a file whose name cannot be read are said to be so, and asked about without a crash', () => {
    const { osi, init, tree, memory, libc } = createGuest();
    memory.writeInt(tree.read(libc + 0x18n) + 0x5cn, 0);
    expect(osi.getMappings(init)[0]).toMatchObject({ file: null, name: null });
    expect(osi.inSharedObject(init)).toBe(false);
  });

  it('16: that go in a circle come to an end', () => {
    const { osi, init, memory } = createGuest();
    memory.writeWord(VMAS + 0x100n + 0x30n, VMAS);
    boundReads(memory);
    const rows = osi.getMappings(init);
    expect(rows.map(({ base }) => base)).toEqual([PC_OF_LIBC, PC_OF_LIBC + 0x2000n]);
    expect(rows.skipped).not.toEqual([]);
  });
});

describe('paths', () => {
  it('4: go through as many mounts as there are', () => {
    const { linux, init } = createGuest();
    expect(linux.fdToFilename(init, 3)).toBe('/run/user/1000/x');
  });

  it('16: that go in a circle come to an end', () => {
    const { linux, init, memory, users, own } = createGuest();
    memory.writeWord(users + 0x18n, own);
    boundReads(memory);
    expect(codeOf(() => linux.fdToFilename(init, 3))).toBe('PATH_ENDLESS');
  });

  it.each([{}, { 'version.a': 3, 'version.b': 4 }, { 'version.a': 3, 'version.b': 5, 'version.c': 7 }])(
    '17: have names as long as the profile says, whatever the version of the kernel: %j',
    (version) => {
      const { kernel, memory, run, users, own, x } = createGuest();
      const lengths: [bigint, number][] = [
        [run, 3],
        [users, 4],
        [own, 4],
        [x, 1],
      ];
      for (const [dentry, length] of lengths) {
        memory.writeInt(dentry + 0x20n, length);
        memory.writeInt(dentry + 0x24n, 0x7eadbeef);
      }
      const info = { ...kernel.info, ...version, 'qstr.len_offset': 0 };
      const linux = new OsiLinux({ kernel: { memory, info }, cpus: [] });
      expect(linux.fdToFilename(linux.getProcesses()[1], 3)).toBe('/run/user/1000/x');
    },
  );
});

describe('descriptors', () => {
  it('5: that are negative or beyond the table are none, whatever lies there', () => {
    const { linux, init, memory, file } = createGuest();
    const outside = [-100, -1, MAX_FDS, MAX_FDS + 3];
    for (const fd of outside) memory.writeWord(SLOTS + BigInt(fd) * 8n, file);
    for (const address of [BITS - 16n, BITS - 8n, BITS + 8n]) memory.writeWord(address, -1n);
    expect(outside.map((fd) => linux.fdToFilename(init, fd))).toEqual(outside.map(() => undefined));
    expect(outside.map((fd) => linux.fdToPos(init, fd))).toEqual(outside.map(() => undefined));
    expect(outside.map((fd) => linux.extGetFileStructPtr(init, fd))).toEqual(outside.map(() => undefined));
    expect(linux.extGetFileStructPtr(init, 3)).toBe(file);
  });

  it('6: have a position of 64 bits, with words of 32 bits as well', () => {
    const { linux, init, memory, file } = createGuest();
    memory.writeWord(file + 0x48n, 0x1_0000_0001n);
    expect(linux.fdToPos(init, 3)).toBe(0x1_0000_0001n);
    const narrow = { ...memory.architecture, wordSize: 4 as const };
    Object.assign(memory, { architecture: narrow });
    expect(new OpenFile(linux.kernel, file).pos).toBe(0x1_0000_0001n);
  });

  it('23: have the names of their files, each of all that are open', () => {
    const { linux } = createGuest();
    expect(linux.getFiles({ pids: [1] }).map(({ fd, filename }) => [fd, filename])).toEqual([
      [3, '/run/user/1000/x'],
    ]);
  });

  it('25: lead to the struct file, not to the slot that points at it', () => {
    const { linux, init, file, x } = createGuest();
    const found = linux.extGetFileStructPtr(init, 3);
    expect(found).toBe(file);
    expect(linux.extGetFileDentry(found ?? 0n)).toBe(x);
  });
});

describe('virtual memory', () => {
  /** Two pages of a program whose frames lie apart, and the frame behind the first is another one's. */
  function createPages() {
    const guest = createGuest();
    const user = userMemory(guest);
    const second = ARGS + 0x1000n;
    user.writeBytes(second - 2n, Uint8Array.of(1, 2, 3, 4));
    const frameOf = (address: bigint) => (address < second ? 0x5000 : 0x9000) + Number(address % 0x1000n);
    Object.assign(user, {
      translate: (address: bigint) => (user.page(address) === undefined ? undefined : frameOf(address)),
    });
    return { ...guest, user, second };
  }

  it('21: is read and written page by page, each at its own frame', () => {
    const { linux, init, written, second } = createPages();
    expect([...linux.virtualMemoryRead(second - 2n, 4, init)]).toEqual([1, 2, 3, 4]);
    linux.virtualMemoryWrite(second - 2n, Uint8Array.of(5, 6, 7, 8), init);
    expect(written).toEqual([
      [0x5ffe, [5, 6]],
      [0x9000, [7, 8]],
    ]);
  });

  it('22: behind which there are no bytes is an error, not a run of zeros', () => {
    const { linux, init, user, second } = createPages();
    const page = (address: bigint) =>
      address < second ? FakeVirtualMemory.prototype.page.call(user, address) : undefined;
    const fault = () => new OsiError('PHYSICAL_HOLE', 'a device, no memory');
    Object.assign(user, { page, fault, translate: () => 0x9000 });
    expect(codeOf(() => linux.virtualMemoryRead(second - 2n, 4, init))).toBe('PHYSICAL_HOLE');
    expect([...linux.virtualMemoryRead(second - 2n, 2, init)]).toEqual([1, 2]);
  });

  it('22: of the kernel that is missing leaves null in a row and a reason, not a zero', () => {
    const { linux, fake, memory } = createGuest();
    memory.remove(fake.task(2) + 0x800n);
    const row = linux.getProcesses().find(({ taskd }) => taskd === fake.task(2));
    expect([row?.pid, row?.name, row?.createTime]).toEqual([null, null, null]);
    expect(linux.getProcesses().skipped.map(({ reason }) => reason.code)).toContain('PAGE_NOT_PRESENT');
  });
});
