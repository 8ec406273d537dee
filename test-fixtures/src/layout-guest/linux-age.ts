import type { SectionKeys } from './section-keys';

/** How a kernel of an age writes what no key of a section describes. */
export interface LinuxAge {
  /** `task_struct.start_time`: a `struct timespec`, or nanoseconds. */
  readonly startTime: 'timespec' | 'nanoseconds';
  /** The mark of a directory entry that is in no directory any more: a flag and a poisoned pointer, or a null pointer. */
  readonly unhashed: 'flag' | 'null';
  /** Whether `struct mount` is around a `vfsmount`. */
  readonly hasStructMount: boolean;
  /** The low bits of a pointer to a node of the tree of ids. */
  readonly treeTag: bigint;
  /** The name of the root of a file system that is mounted nowhere: its own, or `/`. */
  readonly namesPseudoRoots: boolean;
  /** Whether files without a name have one in a directory entry of their file system's root. */
  readonly namesInDirectory: boolean;
  /** Whether shared anonymous memory has a name in a directory. */
  readonly namesSharedMemory: boolean;
  /** Whether a file on overlayfs has the inode of the layer below. */
  readonly opensLayerBelow: boolean;
  /** The multiplier of `hash_long` by the bytes of a word, which the hash of ids goes by. */
  readonly hashMultiplier: Readonly<Record<4 | 8, bigint>>;
  /** Whether pid 0 is the only member of a ring of threads, or has blank words for one. */
  readonly linksThreadsOfIdle: boolean;
  /** The name of pid 0. */
  readonly idleName: 'swapper' | 'swapper/0';
}

/** GOLDEN_RATIO_PRIME_32 and GOLDEN_RATIO_PRIME_64 of include/linux/hash.h. */
const GOLDEN_RATIO_PRIME = { 4: 0x9e370001n, 8: 0x9e37fffffffc0001n } as const;
/** GOLDEN_RATIO_32 and GOLDEN_RATIO_64 there, also in 4.4.155. */
const GOLDEN_RATIO = { 4: 0x61c88647n, 8: 0x61c8864680b583ebn } as const;

/**
 * The habits of the kernel that a section is of. The builder goes by the version, as kernels of that version do; readers
 * must not.
 */
export function ageOf(keys: SectionKeys): LinuxAge {
  const [a, b, c] = ['version.a', 'version.b', 'version.c'].map((key) => keys.number(key));
  const from = (major: number, minor: number, patch = 0) =>
    ((a ?? 0) - major || (b ?? 0) - minor || (c ?? 0) - patch) >= 0;
  return {
    startTime: from(3, 17) ? 'nanoseconds' : 'timespec',
    unhashed: from(2, 6, 39) ? 'null' : 'flag',
    hasStructMount: from(3, 3),
    treeTag: from(4, 20) ? 2n : 1n,
    namesPseudoRoots: !from(5, 3),
    namesInDirectory: !from(2, 6, 39),
    namesSharedMemory: !from(3, 11),
    opensLayerBelow: from(4, 2) && !from(4, 19),
    hashMultiplier: from(4, 4) ? GOLDEN_RATIO : GOLDEN_RATIO_PRIME,
    linksThreadsOfIdle: from(3, 0),
    idleName: from(3, 0) ? 'swapper/0' : 'swapper',
  };
}
