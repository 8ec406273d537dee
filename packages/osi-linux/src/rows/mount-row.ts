import { OsiError, type SkippedLog } from '@osi-linux/core';
import {
  Dentry,
  eachMount,
  type Kernel,
  Mount,
  type Path,
  PathReader,
  readDentryPath,
} from '@osi-linux/kstruct';
import { eachSelectedProcess } from './process-selection';

/** A mount that a process can reach. A field is `null` if it could not be read. */
export interface LinuxMount {
  /** Number of the mount. */
  readonly id: number;
  /** Number of the mount that it lies on; its own for the topmost. */
  readonly parent: number | null;
  /** Which directory of the file system is mounted: `/`, `/srv/share`, `net:[4026531840]`. */
  readonly root: string | null;
  /** Where, as seen from the root of the process. */
  readonly mountpoint: string | null;
  /** Type of the file system, with its subtype: `fuse.sshfs`. */
  readonly fstype: string | null;
  /** The name of the mounted device, as given to mount(), of btrfs its latest device; `none` if none was given. */
  readonly source: string | null;
}

/**
 * Reads the mounts that a process can reach, by number: the rows of its `/proc/PID/mountinfo`.
 *
 * @throws OsiError `PROCESS_UNKNOWN` where there is no such process, or why the tree of mounts cannot be found.
 */
export function readMounts(kernel: Kernel, pid: number, skipped: SkippedLog): LinuxMount[] {
  const root = findRoot(kernel, pid, skipped);
  if (root === undefined) return [];
  const paths = new PathReader(kernel, root);
  const rows: LinuxMount[] = [];
  for (const mount of eachMount(kernel, root.mnt, skipped)) {
    const row = readRow(kernel, mount, paths, skipped);
    if (row !== undefined) rows.push(row);
  }
  return rows.sort((a, b) => a.id - b.id);
}

/** The root of a process; `undefined` if it has ended. */
function findRoot(kernel: Kernel, pid: number, skipped: SkippedLog): Path | undefined {
  const [found] = eachSelectedProcess(kernel, { pids: [pid] }, skipped);
  if (found !== undefined) return found.task.fs?.root;
  throw new OsiError('PROCESS_UNKNOWN', `no process ${pid} in this guest`, {
    hint: 'run osi-linux ps to list all processes',
    fields: { pid },
  });
}

function readRow(
  kernel: Kernel,
  mount: Mount,
  paths: PathReader,
  skipped: SkippedLog,
): LinuxMount | undefined {
  const id = skipped.attempt(
    () => ({ kind: 'mount', address: mount.address }),
    () => mount.id,
  );
  if (id === null) return undefined;
  const field = <Value>(name: string, read: () => Value) =>
    skipped.attempt(() => ({ kind: 'mount', id, field: name }), read);
  const place = { mnt: mount.address, dentry: mount.root };
  const mountpoint = field('mountpoint', () => paths.readReachable(place));
  if (mountpoint === undefined) return undefined;
  return {
    id,
    parent: field('parent', () => new Mount(kernel, mount.parent).id),
    root: field('root', () => readDentryPath(kernel, new Dentry(kernel, place.dentry))),
    mountpoint,
    fstype: field('fstype', () => readType(mount)),
    source: field('source', () => mount.source),
  };
}

function readType({ superBlock }: Mount): string {
  const { type, subtype } = superBlock;
  return subtype === undefined ? type : `${type}.${subtype}`;
}
