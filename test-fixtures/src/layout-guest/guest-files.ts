import type { MountTruth } from './layout-truth';
import type { EntryLayout, FileTreeLayout, MountLayout, PathLayout } from './structs/file-tree-layout';

/** The files of the guest by their paths, and its mounts. */
export interface GuestFiles {
  readonly root: PathLayout;
  /** A file by the text of its path, or a directory. */
  readonly path: (path: string) => PathLayout;
  readonly mounts: readonly MountTruth[];
}

/** A mount point, and the path of what is mounted on it. */
interface MountPlan extends MountTruth {
  readonly subtype?: string;
  /** The mount whose file system is mounted once more. */
  readonly bindOf?: string;
}

const MOUNTS: readonly MountPlan[] = [
  { id: 20, parent: 1, root: '/', mountpoint: '/', fstype: 'ext4', source: '/dev/sda1' },
  { id: 21, parent: 20, root: '/', mountpoint: '/dev', fstype: 'devtmpfs', source: 'udev' },
  { id: 22, parent: 21, root: '/', mountpoint: '/dev/pts', fstype: 'devpts', source: 'devpts' },
  { id: 23, parent: 20, root: '/', mountpoint: '/run', fstype: 'tmpfs', source: 'none' },
  { id: 24, parent: 23, root: '/', mountpoint: '/run/user/1000', fstype: 'tmpfs', source: 'tmpfs' },
  {
    id: 25,
    parent: 20,
    root: '/srv/share',
    mountpoint: '/mnt/share',
    fstype: 'ext4',
    source: '/dev/sda1',
    bindOf: '/',
  },
  {
    id: 26,
    parent: 20,
    root: '/',
    mountpoint: '/mnt/far',
    fstype: 'fuse.sshfs',
    source: 'host:/',
    subtype: 'sshfs',
  },
];

/** Below each mount: the directories and files, directories by a slash at the end. */
const ENTRIES: Readonly<Record<string, readonly string[]>> = {
  '/': [
    ...['sbin/init', 'bin/sh', 'lib/libc-2.13.so', 'usr/bin/worker', 'var/log/worker.log', 'tmp/'],
    ...['srv/share/', 'srv/jail/home/', 'mnt/share/', 'mnt/far/', 'dev/', 'run/'],
    'usr/share/a-name-that-is-too-long-for-the-place-inside-of-its-directory-entry',
  ],
  '/dev': ['null', 'console', 'pts/'],
  '/run': ['initctl', 'user/1000/'],
  '/run/user/1000': ['session'],
};

/** Lays out the directories, files and mounts. */
export function layOutFiles(tree: FileTreeLayout): GuestFiles {
  const top = tree.mount(1, tree.root(tree.superBlock('rootfs')), 'rootfs');
  const paths = new Map<string, PathLayout>();
  const mounted = new Map<string, MountLayout>();
  for (const plan of MOUNTS) {
    const { mountpoint } = plan;
    const on = mountpoint === '/' ? { mount: top, entry: top.root } : require(paths, mountpoint);
    const root = plan.bindOf === undefined ? rootOf(tree, plan) : require(paths, plan.root).entry;
    const mount = tree.mount(plan.id, root, plan.source === 'none' ? undefined : plan.source, on);
    mounted.set(mountpoint, mount);
    paths.set(mountpoint, { mount, entry: root });
    for (const name of ENTRIES[mountpoint] ?? []) addEntry(tree, paths, mountpoint, name);
  }
  return {
    root: require(paths, '/'),
    path: (path) => require(paths, path),
    mounts: MOUNTS.map(({ id, parent, root, mountpoint, fstype, source }) => {
      return { id, parent, root, mountpoint, fstype, source };
    }),
  };
}

function rootOf(tree: FileTreeLayout, { fstype, subtype }: MountPlan): EntryLayout {
  return tree.root(tree.superBlock(fstype.split('.')[0] as string, subtype));
}

/** Adds a file, or a directory, with the directories above it that are not there yet. */
function addEntry(tree: FileTreeLayout, paths: Map<string, PathLayout>, below: string, name: string): void {
  let path = below === '/' ? '' : below;
  let { mount, entry } = require(paths, below);
  const parts = name.split('/').filter((part) => part !== '');
  for (const [index, part] of parts.entries()) {
    path = `${path}/${part}`;
    const isFile = index === parts.length - 1 && !name.endsWith('/');
    const known = paths.get(path);
    entry = known?.entry ?? (isFile ? tree.entry(entry, part) : tree.directory(entry, part));
    paths.set(path, { mount, entry });
  }
}

function require(paths: ReadonlyMap<string, PathLayout>, path: string): PathLayout {
  const found = paths.get(path);
  if (found === undefined) throw new Error(`no file ${path} was laid out`);
  return found;
}
