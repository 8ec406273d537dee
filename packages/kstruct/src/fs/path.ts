import { attempt, formatAddress, OsiError, type VirtualAddress } from '@osi-linux/core';
import type { Kernel } from '../kernel/kernel';
import { Dentry } from './dentry';
import { readDynamicName } from './dynamic-name';
import { Mount } from './mount';
import type { PathText } from './path-text';

/**
 * The size of the text that a link of `/proc` can hold, with a NUL behind it: include/uapi/linux/limits.h.
 */
const PATH_MAX = 4096;
/** Bytes of the longest path that is followed; `/proc/PID/maps` shows paths of any length. */
const TEXT_LIMIT = 1024 * 1024;
/** More steps than a path of that length has names, mounts on mounts included. */
const STEP_LIMIT = TEXT_LIMIT;
const DELETED = ' (deleted)';

/** A place in the tree of files: a directory entry, seen through a mount. Corresponds to `path`. */
export interface Path {
  /** The vfsmount, virtual. */
  readonly mnt: VirtualAddress;
  /** The dentry, virtual. */
  readonly dentry: VirtualAddress;
}

/** Where the climb from a path ended: at the reader's root, at the top of another tree, or nowhere. */
type End = 'root' | 'top' | 'escaped';

interface Place {
  /** The path as a prefix, empty for a root. */
  readonly prefix: string;
  /** Its length in the guest. */
  readonly bytes: number;
  readonly end: End;
  /** What separates it from the name below; a slash where absent. */
  readonly separator?: '' | '/';
}

/** The cached facts about one dentry of a mount. */
interface Known {
  place?: Place | OsiError;
  text?: PathText | OsiError;
  /** Whether the climb that is under way has come by: it would go round in a circle. */
  passed?: boolean;
}

interface KnownMount {
  readonly address: VirtualAddress;
  readonly root: VirtualAddress;
  readonly parent: VirtualAddress;
  readonly mountpoint: VirtualAddress;
  readonly superBlock: VirtualAddress | undefined;
  readonly entries: Map<VirtualAddress, Known>;
}

/** One step of a climb: the entry, and the name that it adds where it is not the root of a mount. */
interface Step {
  readonly known: Known;
  readonly name: string | undefined;
  /** Length of the name in the guest. */
  readonly bytes: number;
}

/**
 * Reads paths as a reader with the root directory `root` sees them, and keeps them for as long as it lives.
 *
 * Corresponds to `d_path`, fs/d_path.c: climbs `d_parent`, and from the root of a mount to its mount point.
 * It ends at the reader's root, or at the top of a tree that the reader cannot reach, which is not marked.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * declare const mm: Mm;
 * const paths = new PathReader(kernel, findReaderRoot(kernel));
 * paths.read(mm.exeFile.path) // => '/bin/busybox'
 * paths.describe(mm.exeFile.path) // => { text: '/bin/busybox', deleted: false }
 * ```
 */
export class PathReader {
  private readonly kernel: Kernel;
  private readonly root: Path;
  private readonly mounts = new Map<VirtualAddress, KnownMount | OsiError>();
  private last: KnownMount | undefined;

  constructor(kernel: Kernel, root: Path) {
    this.kernel = kernel;
    this.root = root;
  }

  /**
   * The path as text of any length. The links of `/proc` hold 4095 bytes at most: see {@link PathText.longBytes}.
   *
   * @throws OsiError as {@link describe}.
   */
  read(path: Path): string {
    return this.describe(path).text;
  }

  /**
   * The path as text of any length, and whether it was deleted.
   *
   * @throws OsiError `STRUCT_IMPLAUSIBLE`, `DYNAMIC_NAME_UNKNOWN`, the fault of a page, or `PATH_TOO_LONG` above 1 MiB.
   */
  describe(path: Path): PathText {
    return orThrow(this.known(path).text as PathText | OsiError);
  }

  /**
   * The path of a mount's root directory, or `undefined` if it is not below the reader's root.
   *
   * Corresponds to `seq_path_root`, which leaves such mounts out of `/proc/PID/mountinfo`.
   *
   * @throws OsiError as {@link read}.
   */
  readReachable(path: Path): string | undefined {
    const { prefix, end } = this.place(this.mount(path.mnt), path.dentry);
    return end === 'root' ? prefix || '/' : undefined;
  }

  /** The cached facts about a path; its `text` is there. */
  private known({ mnt, dentry }: Path): Known {
    const mount = this.mount(mnt);
    const known = entry(mount, dentry);
    known.text ??= attempt(() => this.describeOnce(mount, dentry), itself);
    return known;
  }

  private describeOnce(mount: KnownMount, address: VirtualAddress): PathText {
    const dentry = new Dentry(this.kernel, address);
    dentry.validate(mount.superBlock);
    if ((!dentry.isRoot || address !== mount.root) && dentry.hasDynamicName)
      return readDynamicName(this.kernel, dentry);
    if (dentry.isRoot && address !== mount.root) dentry.validateNameless();
    const { prefix, bytes } = this.place(mount, address);
    const deleted = dentry.isDeleted;
    const mark = deleted ? DELETED : '';
    const text = (prefix === '' ? '/' : prefix) + mark;
    const length = bytes + mark.length;
    return length < PATH_MAX ? { text, deleted } : { text, deleted, longBytes: length };
  }

  /** Climbs to the first known entry, and remembers every entry on the way, failures as well. */
  private place(from: KnownMount, start: VirtualAddress): Place {
    const trail: Step[] = [];
    let place: Place | OsiError | undefined;
    let mount = from;
    let address = start;
    let climbed = false;
    while (place === undefined) {
      const known = entry(mount, address);
      place = known.place ?? this.end(mount, address);
      if (place !== undefined) break;
      if (known.passed || trail.length > STEP_LIMIT) {
        place = endless(start);
        break;
      }
      known.passed = true;
      const above = attempt(() => this.above(mount, address, climbed), itself);
      if (OsiError.is(above)) place = above;
      else if (above.end !== undefined) place = above.end;
      else [mount, address, climbed] = [above.mount, above.address, above.name !== undefined];
      const { name = undefined, bytes = 0 } = OsiError.is(above) ? {} : above;
      trail.push({ known, name, bytes });
    }
    return orThrow(settle(trail, place, start));
  }

  private end(mount: KnownMount, address: VirtualAddress): Place | undefined {
    return address === this.root.dentry && mount.address === this.root.mnt ? AT_ROOT : undefined;
  }

  /** One step up. `climbed` means that the entry was reached as the parent of another one. */
  private above(mount: KnownMount, address: VirtualAddress, climbed: boolean): Above {
    if (address === mount.root) {
      if (mount.parent === mount.address) return { end: this.top(mount) };
      return { mount: this.mount(mount.parent), address: mount.mountpoint };
    }
    const dentry = new Dentry(this.kernel, address);
    dentry.validate(mount.superBlock, climbed);
    if (dentry.isRoot) return { end: ESCAPED };
    return { mount, address: dentry.parent.address, name: dentry.component, bytes: dentry.nameLength };
  }

  /**
   * The top of a tree. In kernels that have `DCACHE_UNHASHED`, `__d_path` of fs/dcache.c begins with the name of the root
   * there, which is `anon_inode:` or `inotify` where it is not a slash.
   */
  private top({ root }: KnownMount): Place {
    if (this.kernel.info['path.DCACHE_UNHASHED'] === undefined) return AT_TOP;
    const { name, nameLength } = new Dentry(this.kernel, root);
    if (name === '/' || name === '') return AT_TOP;
    return { prefix: name, bytes: nameLength, end: 'top', separator: '' };
  }

  private mount(address: VirtualAddress): KnownMount {
    if (this.last?.address === address) return this.last;
    let known = this.mounts.get(address);
    if (known === undefined) {
      known = attempt(() => readMount(this.kernel, address), itself);
      this.mounts.set(address, known);
    }
    this.last = orThrow(known);
    return this.last;
  }
}

/** Where a step leads, with the name that it adds, or that it leads no further. */
type Above =
  | { readonly end: Place; readonly name?: undefined; readonly bytes?: undefined }
  | {
      readonly end?: undefined;
      readonly mount: KnownMount;
      readonly address: VirtualAddress;
      readonly name?: string;
      readonly bytes?: number;
    };

const AT_ROOT: Place = { prefix: '', bytes: 0, end: 'root' };
const AT_TOP: Place = { prefix: '', bytes: 0, end: 'top' };
/** An entry without a mount above it, as when the directory of a bind mount was moved away. */
const ESCAPED: Place = { prefix: '', bytes: 0, end: 'escaped' };

function readMount(kernel: Kernel, address: VirtualAddress): KnownMount {
  const mount = new Mount(kernel, address);
  mount.validate();
  const superBlock = kernel.info['path.mnt_sb_offset'] === undefined ? undefined : mount.superBlock.address;
  new Dentry(kernel, mount.root).validate(superBlock);
  const { root, parent, mountpoint } = mount;
  return { address, root, parent, mountpoint, superBlock, entries: new Map() };
}

function entry(mount: KnownMount, dentry: VirtualAddress): Known {
  const kept = mount.entries.get(dentry);
  if (kept !== undefined) return kept;
  const known: Known = {};
  mount.entries.set(dentry, known);
  return known;
}

/** Gives every entry of a climb its place, from the top down; the place of the first one is the answer. */
function settle(trail: readonly Step[], top: Place | OsiError, start: VirtualAddress): Place | OsiError {
  let place = top;
  for (let index = trail.length - 1; index >= 0; index -= 1) {
    const { known, name, bytes } = trail[index] as Step;
    if (!OsiError.is(place) && name !== undefined) place = below(place, name, bytes) ?? tooLong(start);
    known.place = place;
    known.passed = false;
  }
  return place;
}

function below(
  { prefix, bytes, end, separator = '/' }: Place,
  name: string,
  length: number,
): Place | undefined {
  if (end === 'escaped') return ESCAPED;
  const sum = bytes + separator.length + length;
  return sum < TEXT_LIMIT ? { prefix: prefix + separator + name, bytes: sum, end } : undefined;
}

function itself(error: OsiError): OsiError {
  return error;
}

function orThrow<Value extends object>(value: Value | OsiError): Value {
  if (OsiError.is(value)) throw value;
  return value;
}

function tooLong(dentry: VirtualAddress): OsiError {
  const limit = TEXT_LIMIT;
  return new OsiError(
    'PATH_TOO_LONG',
    `the path of dentry ${formatAddress(dentry)} has ${limit} bytes or more`,
    {
      hint: 'directories this deep are more likely damage: check the dump with identify',
      fields: { dentry, limit },
    },
  );
}

function endless(dentry: VirtualAddress): OsiError {
  return new OsiError('PATH_ENDLESS', `the path of dentry ${formatAddress(dentry)} is a cycle`, {
    hint: 'directories or mounts contain each other: the dump is damaged there',
    fields: { dentry },
  });
}
