import { codeOf } from '@osi-linux/test-fixtures/expect';
import { FakeFileTree } from '@osi-linux/test-fixtures/fake-kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Dentry } from './dentry';
import { readDentryPath } from './dentry-path';
import { OpenFile } from './open-file';
import { PathReader } from './path';

/** A root file system with /usr/bin/sh and a tmpfs on /run that has a folder /run/user. */
function createTree() {
  const tree = new FakeFileTree();
  const superBlock = tree.superBlock('ext4');
  const root = tree.entry({ name: '/', superBlock, directory: true });
  const directory = (name: string, parent: bigint, on = superBlock) =>
    tree.entry({ name, parent, superBlock: on, directory: true });
  const usr = directory('usr', root);
  const bin = directory('bin', usr);
  const run = directory('run', root);
  const sh = tree.entry({ name: 'sh', parent: bin, superBlock });
  const top = tree.mount({ id: 1, superBlock, root });

  const tmpfs = tree.superBlock('tmpfs');
  const tmpRoot = tree.entry({ name: '/', superBlock: tmpfs, directory: true });
  const user = directory('user', tmpRoot, tmpfs);
  const tmp = tree.mount({ id: 20, superBlock: tmpfs, root: tmpRoot, on: { mnt: top, dentry: run } });
  const kernel = { memory: tree.memory, info: tree.info };
  const paths = (mnt = top, dentry = root) => new PathReader(kernel, { mnt, dentry });
  return { tree, kernel, superBlock, tmpfs, root, usr, bin, run, sh, top, tmp, tmpRoot, user, paths };
}

/** The path that is read, or the code of the error that explains its absence. */
function pathOrCode(read: () => string): string {
  let path = '';
  const code = codeOf(() => {
    path = read();
  });
  return path === '' ? code : path;
}

describe('PathReader', () => {
  it('climbs to the root', () => {
    const { paths, top, sh, usr, root } = createTree();
    expect(paths().read({ mnt: top, dentry: sh })).toBe('/usr/bin/sh');
    expect(paths().read({ mnt: top, dentry: usr })).toBe('/usr');
    expect(paths().read({ mnt: top, dentry: root })).toBe('/');
  });

  it('goes on at what a mount lies on, through the struct mount', () => {
    const { paths, tmp, user, tmpRoot } = createTree();
    expect(paths().read({ mnt: tmp, dentry: user })).toBe('/run/user');
    expect(paths().read({ mnt: tmp, dentry: tmpRoot })).toBe('/run');
  });

  it('goes on through mounts on mounts', () => {
    const { tree, paths, tmp, user, superBlock, bin, sh } = createTree();
    const bound = tree.mount({ id: 30, superBlock, root: bin, on: { mnt: tmp, dentry: user } });
    expect(paths().read({ mnt: bound, dentry: sh })).toBe('/run/user/sh');
  });

  it('names a file that is mounted by its mountpoint', () => {
    const { tree, paths, superBlock, sh, tmp, tmpfs, tmpRoot } = createTree();
    const target = tree.entry({ name: 'shell', parent: tmpRoot, superBlock: tmpfs });
    const bound = tree.mount({ id: 30, superBlock, root: sh, on: { mnt: tmp, dentry: target } });
    expect(paths().read({ mnt: bound, dentry: sh })).toBe('/run/shell');
  });

  it("ends at the reader's own root, and at the top for what lies outside of it", () => {
    const { paths, top, usr, sh, tmp, user } = createTree();
    const inside = paths(top, usr);
    expect(inside.read({ mnt: top, dentry: sh })).toBe('/bin/sh');
    expect(inside.read({ mnt: tmp, dentry: user })).toBe('/run/user');
    expect(inside.readReachable({ mnt: tmp, dentry: user })).toBeUndefined();
    expect(inside.readReachable({ mnt: top, dentry: sh })).toBe('/bin/sh');
    expect(inside.readReachable({ mnt: top, dentry: usr })).toBe('/');
  });

  it('takes the same directory of another mount for another place', () => {
    const { tree, paths, superBlock, top, root, run, usr, sh } = createTree();
    const other = tree.mount({ id: 40, superBlock, root, on: { mnt: top, dentry: run } });
    expect(paths(other, usr).read({ mnt: top, dentry: sh })).toBe('/usr/bin/sh');
    expect(paths(other, usr).read({ mnt: other, dentry: sh })).toBe('/bin/sh');
  });

  it('marks what was deleted, and tells it from a file that is called so', () => {
    const { tree, paths, superBlock, bin, top } = createTree();
    const gone = tree.entry({ name: 'x', parent: bin, superBlock, deleted: true });
    const named = tree.entry({ name: 'x (deleted)', parent: bin, superBlock });
    const text = '/usr/bin/x (deleted)';
    expect(paths().describe({ mnt: top, dentry: gone })).toEqual({ text, deleted: true });
    expect(paths().describe({ mnt: top, dentry: named })).toEqual({ text, deleted: false });
  });

  it('goes by DCACHE_UNHASHED where the kernel has it, whatever the pointers of the hash say', () => {
    const { tree, kernel, superBlock, bin, top, root } = createTree();
    const LIST_POISON2 = 0x00200200n;
    const info = { ...kernel.info, 'path.DCACHE_UNHASHED': 0x10, 'path.d_flags_offset': 4 };
    const paths = new PathReader({ ...kernel, info }, { mnt: top, dentry: root });
    const of = (name: string, flags: number, pprev: bigint) => {
      const dentry = tree.entry({ name, parent: bin, superBlock });
      tree.memory.writeInt(dentry + 4n, flags);
      tree.memory.writeWord(dentry + BigInt(info['path.d_hash_pprev_offset']), pprev);
      return paths.read({ mnt: top, dentry });
    };
    expect(of('gone', 0x18, LIST_POISON2)).toBe('/usr/bin/gone (deleted)');
    expect(of('there', 0x08, 0n)).toBe('/usr/bin/there');
  });

  it.each([
    ['0x200200', 0x00200200n],
    ['0xdead000000200200', 0xdead000000200200n],
  ])(
    'marks what was dropped from its hash with LIST_POISON2 where the profile lacks DCACHE_UNHASHED: %s',
    (_, pprev) => {
      const { tree, paths, kernel, superBlock, bin, top } = createTree();
      const gone = tree.entry({ name: 'gone', parent: bin, superBlock });
      tree.memory.writeWord(gone + BigInt(kernel.info['path.d_hash_pprev_offset']), pprev);
      expect(paths().read({ mnt: top, dentry: gone })).toBe('/usr/bin/gone (deleted)');
      tree.memory.writeWord(gone + BigInt(kernel.info['path.d_hash_pprev_offset']), pprev + 8n);
      expect(pathOrCode(() => paths().read({ mnt: top, dentry: gone }))).not.toContain('(deleted)');
    },
  );

  it('begins with the name of the root of a tree apart, where the kernel has DCACHE_UNHASHED', () => {
    const { tree, kernel, top, root } = createTree();
    const info = { ...kernel.info, 'path.DCACHE_UNHASHED': 0x10, 'path.d_flags_offset': 4 };
    const read = (name: string, child: string | undefined, keys: typeof kernel.info) => {
      const superBlock = tree.superBlock('anon_inodefs');
      const parent = tree.entry({ name, superBlock, directory: true });
      const mnt = tree.mount({ id: 3, superBlock, root: parent });
      const dentry = child === undefined ? parent : tree.entry({ name: child, parent, superBlock });
      return new PathReader({ ...kernel, info: keys }, { mnt: top, dentry: root }).read({ mnt, dentry });
    };
    expect(read('anon_inode:', '[eventfd]', info)).toBe('anon_inode:[eventfd]');
    expect(read('inotify', undefined, info)).toBe('inotify');
    expect(read('/', 'file', info)).toBe('/file');
    expect(read('/', undefined, info)).toBe('/');
    expect(read('anon_inode:', '[eventfd]', kernel.info)).toBe('/[eventfd]');
  });

  it('knows the one name with a slash, of shared memory whose directory is the root of a tmpfs', () => {
    const { tree, paths, tmpfs, tmpRoot, user } = createTree();
    const hidden = tree.mount({ id: 2, superBlock: tmpfs, root: tmpRoot });
    const of = (spec: { parent: bigint; deleted: boolean; name?: string }) => {
      const dentry = tree.entry({ name: 'dev/zero', superBlock: tmpfs, ...spec });
      return pathOrCode(() => paths().read({ mnt: hidden, dentry }));
    };
    expect(of({ parent: tmpRoot, deleted: true })).toBe('/dev/zero (deleted)');
    expect(of({ parent: tmpRoot, deleted: false })).toBe('STRUCT_IMPLAUSIBLE');
    expect(of({ parent: user, deleted: true })).toBe('STRUCT_IMPLAUSIBLE');
    expect(of({ parent: tmpRoot, deleted: true, name: 'dev/null' })).toBe('STRUCT_IMPLAUSIBLE');
  });

  it('does not mark the directories above a deleted one', () => {
    const { tree, paths, superBlock, bin, top } = createTree();
    const folder = tree.entry({ name: 'd', parent: bin, superBlock, directory: true, deleted: true });
    const file = tree.entry({ name: 'f', parent: folder, superBlock });
    const reader = paths();
    expect(reader.read({ mnt: top, dentry: folder })).toBe('/usr/bin/d (deleted)');
    expect(reader.read({ mnt: top, dentry: file })).toBe('/usr/bin/d/f');
  });

  it('says / for what has left its mount', () => {
    const { tree, paths, superBlock, bin, usr, sh } = createTree();
    const bound = tree.mount({ id: 30, superBlock, root: bin });
    expect(paths().read({ mnt: bound, dentry: usr })).toBe('/');
    expect(paths().readReachable({ mnt: bound, dentry: usr })).toBeUndefined();
    expect(paths().read({ mnt: bound, dentry: sh })).toBe('/sh');
  });

  it('keeps the raw characters of names, and reads long ones', () => {
    const { tree, paths, superBlock, root, top } = createTree();
    const odd = tree.entry({ name: 'a\n\\040 "', parent: root, superBlock });
    const long = tree.entry({ name: 'n'.repeat(255), parent: root, superBlock });
    expect(paths().read({ mnt: top, dentry: odd })).toBe('/a\n\\040 "');
    expect(paths().read({ mnt: top, dentry: long })).toBe(`/${'n'.repeat(255)}`);
  });

  it('reads a path that is longer than a link can be, and gives its length', () => {
    const { tree, paths, superBlock, root, top } = createTree();
    let dentry = root;
    const name = 'ä'.repeat(100);
    const reader = paths();
    for (let depth = 1; depth <= 21; depth += 1) {
      dentry = tree.entry({ name, parent: dentry, superBlock, directory: true });
      expect(reader.read({ mnt: top, dentry })).toBe(`/${name}`.repeat(depth));
      const { longBytes } = reader.describe({ mnt: top, dentry });
      expect(longBytes).toBe(depth <= 20 ? undefined : 21 * 201);
    }
  });

  it('does not read the same path from memory twice', () => {
    const { tree, paths, top, sh, bin } = createTree();
    const reader = paths();
    const place = { mnt: top, dentry: sh };
    const before = reader.read(place);
    tree.memory.remove(sh);
    tree.memory.remove(bin);
    expect(reader.read(place)).toBe(before);
  });
});

describe('dynamic names', () => {
  const of = (type: string, name: string, ino = 4711) => {
    const tree = new FakeFileTree();
    const superBlock = tree.superBlock(type);
    const root = tree.entry({ name: '/', superBlock, directory: true });
    const mnt = tree.mount({ id: 9, superBlock, root });
    const dentry = tree.entry({ name, superBlock, dynamic: true, ino });
    return new PathReader({ memory: tree.memory, info: tree.info }, { mnt: 0n, dentry: 0n }).describe({
      mnt,
      dentry,
    });
  };

  it.each([
    ['pipefs', '', 'pipe:[4711]'],
    ['sockfs', 'TCP', 'socket:[4711]'],
    ['anon_inodefs', '[eventfd]', 'anon_inode:[eventfd]'],
    ['pidfs', '', 'anon_inode:[pidfd]'],
  ])('of %s', (type, name, text) => {
    expect(of(type, name)).toEqual({ text, deleted: false });
  });

  it.each([
    ['tmpfs', 'memfd:a/b', '/memfd:a/b (deleted)'],
    ['hugetlbfs', 'SYSV00000000', '/SYSV00000000 (deleted)'],
    ['tmpfs', 'dev/zero', '/dev/zero (deleted)'],
  ])('of %s named %s', (type, name, text) => {
    expect(of(type, name)).toEqual({ text, deleted: true });
  });

  it('of a file system that is not known', () => {
    expect(codeOf(() => of('zoofs', ''))).toBe('DYNAMIC_NAME_UNKNOWN');
  });

  /** A namespace that is a file of proc: the word before its inode leads to the operations of its kind. */
  const ofProc = (kind: string, operations = 0xffff888050000000n) => {
    const tree = new FakeFileTree();
    const superBlock = tree.superBlock('proc');
    const dentry = tree.entry({ name: '', superBlock, dynamic: true, ino: 4026531838 });
    const inode = tree.read(dentry + BigInt(tree.info['path.d_inode_offset']));
    tree.memory.writeWord(inode - 8n, operations);
    tree.memory.writeWord(0xffff888050000000n, 0xffff888050000100n);
    tree.memory.writeText(0xffff888050000100n, kind);
    const info = { ...tree.info, 'proc_ns_operations.name_offset': 0 };
    return new PathReader({ memory: tree.memory, info }, { mnt: 0n, dentry: 0n }).describe({
      mnt: tree.mount({ id: 9, superBlock, root: tree.entry({ name: '/', superBlock, directory: true }) }),
      dentry,
    });
  };

  it.each(['ipc', 'mnt', 'net', 'pid', 'user', 'uts'])('of the %s namespace as a file of proc', (kind) => {
    expect(ofProc(kind)).toEqual({ text: `${kind}:[4026531838]`, deleted: false });
  });

  it('of a file of proc that is not a namespace', () => {
    expect(codeOf(() => ofProc('wchan'))).toBe('STRUCT_IMPLAUSIBLE');
    expect(codeOf(() => ofProc('uts', 0x1234n))).toBe('STRUCT_IMPLAUSIBLE');
    expect(codeOf(() => ofProc('uts', 0xffff888070000000n))).toBe('PAGE_NOT_PRESENT');
  });

  it('of a type that no file system has', () => {
    expect(codeOf(() => of(' create rootfs', ''))).toBe('STRUCT_IMPLAUSIBLE');
  });

  it('are missed where the operations of the file are lost', () => {
    const tree = new FakeFileTree();
    const superBlock = tree.superBlock('pipefs');
    const mnt = tree.mount({
      id: 9,
      superBlock,
      root: tree.entry({ name: '/', superBlock, directory: true }),
    });
    const paths = new PathReader({ memory: tree.memory, info: tree.info }, { mnt: 0n, dentry: 0n });
    const pipe = tree.entry({ name: '', superBlock });
    expect(() => paths.read({ mnt, dentry: pipe })).toThrow('expected operations that name the file');
    const folder = tree.entry({ name: '/', superBlock, directory: true });
    expect(paths.read({ mnt, dentry: folder })).toBe('/');
  });

  it('are not asked for where the file is mounted', () => {
    const { tree, paths, tmp, user } = createTree();
    const superBlock = tree.superBlock('nsfs');
    const root = tree.entry({ name: '', superBlock, dynamic: true });
    const mnt = tree.mount({ id: 50, superBlock, root, on: { mnt: tmp, dentry: user } });
    expect(paths().read({ mnt, dentry: root })).toBe('/run/user');
  });
});

describe('damage', () => {
  const place = ({ top, sh }: ReturnType<typeof createTree>) => ({ mnt: top, dentry: sh });

  it.each([
    ['a missing parent', ({ tree, bin }) => tree.memory.remove(bin), 'PAGE_NOT_PRESENT'],
    ['a missing mount', ({ tree, top }) => tree.memory.remove(top), 'PAGE_NOT_PRESENT'],
    [
      'a zeroed parent',
      ({ tree, bin }) => tree.memory.writeBytes(bin, new Uint8Array(256)),
      'STRUCT_IMPLAUSIBLE',
    ],
    [
      'a zeroed mount',
      ({ tree, top }) => tree.memory.writeBytes(top, new Uint8Array(64)),
      'STRUCT_IMPLAUSIBLE',
    ],
    [
      'a parent of another file system',
      ({ tree, sh, user }) => tree.memory.writeWord(sh + 0x18n, user),
      'STRUCT_IMPLAUSIBLE',
    ],
    [
      'a parent that is no directory',
      ({ tree, superBlock, root, bin }) =>
        tree.memory.writeWord(bin + 0x18n, tree.entry({ name: 'file', parent: root, superBlock })),
      'STRUCT_IMPLAUSIBLE',
    ],
    [
      'a name that is too long',
      ({ tree, bin }) => tree.memory.writeInt(bin + 0x24n, 256),
      'STRUCT_IMPLAUSIBLE',
    ],
    [
      'a name of the wrong length',
      ({ tree, bin }) => tree.memory.writeInt(bin + 0x24n, 2),
      'STRUCT_IMPLAUSIBLE',
    ],
    [
      'a name in user space',
      ({ tree, bin }) => tree.memory.writeWord(bin + 0x28n, 0x1000n),
      'STRUCT_IMPLAUSIBLE',
    ],
    [
      'a name with a slash',
      ({ tree, bin }) => tree.memory.writeText(bin + 0x38n, 'b/n'),
      'STRUCT_IMPLAUSIBLE',
    ],
    ['an entry that is dead', ({ tree, sh }) => tree.memory.writeInt(sh + 0x5cn, -128), 'STRUCT_IMPLAUSIBLE'],
    [
      'a cycle of directories',
      ({ tree, usr, bin }) => tree.memory.writeWord(usr + 0x18n, bin),
      'PATH_ENDLESS',
    ],
  ] as [string, (made: ReturnType<typeof createTree>) => void, string][])(
    'is reported: %s',
    (_, damage, code) => {
      const made = createTree();
      damage(made);
      const reader = made.paths(0n, 0n);
      expect(codeOf(() => reader.read(place(made)))).toBe(code);
      expect(codeOf(() => reader.read(place(made)))).toBe(code);
      expect(pathOrCode(() => reader.read({ mnt: made.tmp, dentry: made.user }))).toMatch(
        /^(\/run\/user|[A-Z_]+)$/,
      );
    },
  );

  it('of a cycle of mounts ends in PATH_ENDLESS', () => {
    const { tree, paths, tmp, top, tmpRoot, sh } = createTree();
    tree.memory.writeWord(top - 0x10n, tmp - 0x20n);
    tree.memory.writeWord(top - 8n, tmpRoot);
    expect(codeOf(() => paths(0n, 0n).read({ mnt: top, dentry: sh }))).toBe('PATH_ENDLESS');
  });

  it('of any words ends in a text or an OsiError', () => {
    const writes = fc.array(fc.tuple(fc.nat(13), fc.nat(31), fc.nat(30)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(writes, (list) => {
        const made = createTree();
        const objects = [
          made.root,
          made.usr,
          made.bin,
          made.run,
          made.sh,
          made.top,
          made.tmp,
          made.tmpRoot,
          made.user,
        ];
        for (const [object, word, target] of list) {
          const at = (objects[object % objects.length] as bigint) + BigInt(word * 8) - 0x10n;
          made.tree.memory.writeWord(
            at,
            target < objects.length ? (objects[target] as bigint) : BigInt(target),
          );
        }
        const reader = made.paths();
        for (const dentry of [made.sh, made.user])
          for (const mnt of [made.top, made.tmp]) codeOf(() => reader.read({ mnt, dentry }));
      }),
    );
  });
});

describe('readDentryPath', () => {
  it('is the path in the file system, whatever is mounted where', () => {
    const { tree, kernel, superBlock, sh, root, bin, tmpRoot } = createTree();
    const gone = tree.entry({ name: 'gone', parent: bin, superBlock, directory: true, deleted: true });
    const paths = [sh, root, tmpRoot, gone].map((dentry) =>
      readDentryPath(kernel, new Dentry(kernel, dentry)),
    );
    expect(paths).toEqual(['/usr/bin/sh', '/', '/', '/usr/bin/gone//deleted']);
  });

  it('ends in a cycle', () => {
    const { tree, kernel, usr, bin, sh } = createTree();
    tree.memory.writeWord(usr + 0x18n, bin);
    expect(codeOf(() => readDentryPath(kernel, new Dentry(kernel, sh)))).toBe('PATH_ENDLESS');
  });
});

describe('OpenFile', () => {
  it('names a file behind another one by that other one where it is asked for the path of a mapping', () => {
    const { tree, kernel, top, sh, tmp, user } = createTree();
    const file = new OpenFile(kernel, tree.file(top, sh, { mode: 0x1000001 }));
    tree.memory.writeWord(file.address + 0xe8n, tmp);
    tree.memory.writeWord(file.address + 0xf0n, user);
    expect(file.path).toEqual({ mnt: top, dentry: sh });
    expect(file.userPath).toEqual({ mnt: tmp, dentry: user });
    expect(new OpenFile(kernel, tree.file(top, sh)).userPath).toEqual({ mnt: top, dentry: sh });
  });

  it('has a signed position', () => {
    const { tree, kernel, top, sh } = createTree();
    expect(new OpenFile(kernel, tree.file(top, sh, { pos: -1n })).pos).toBe(-1n);
    expect(new OpenFile(kernel, tree.file(top, sh, { pos: 1n << 40n })).pos).toBe(1n << 40n);
  });

  it('is distrusted where it is zeroed or freed', () => {
    const { tree, kernel, top, sh } = createTree();
    const address = tree.file(top, sh);
    const file = () => codeOf(() => new OpenFile(kernel, address).validate());
    expect(file()).toBe('nothing was thrown');
    tree.memory.writeWord(address + 0x38n, 0xe000000000000000n);
    expect(file()).toBe('STRUCT_IMPLAUSIBLE');
    tree.memory.writeBytes(address, new Uint8Array(256));
    expect(file()).toBe('STRUCT_IMPLAUSIBLE');
  });
});
