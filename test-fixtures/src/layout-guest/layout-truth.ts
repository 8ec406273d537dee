/** A row of `ps`. */
export interface ProcessTruth {
  readonly taskd: bigint;
  readonly pid: number;
  readonly ppid: number;
  readonly name: string;
  /** ns; `null` where the section does not know it. */
  readonly createTime: bigint | null;
  readonly kernelThread: boolean;
  readonly pgd: bigint | null;
  readonly asid: number | null;
  /** `null` where the section does not know where the arguments end. */
  readonly cmdline: readonly string[] | null;
  readonly uid: number;
  readonly gid: number;
  readonly euid: number;
  readonly egid: number;
}

/** A row of `threads`. */
export interface ThreadTruth {
  readonly pid: number;
  readonly tid: number;
  readonly name: string;
  readonly taskd: bigint;
}

/** A row of `current`. */
export interface CurrentTruth extends ThreadTruth {
  readonly cpu: number;
  readonly asid: number | null;
  readonly mode: 'kernel' | 'user';
}

/** A row of `maps`. */
export interface MappingTruth {
  readonly pid: number;
  readonly modd: bigint;
  readonly base: bigint;
  readonly size: number;
  readonly file: string | null;
  readonly name: string;
  readonly offset: bigint;
  readonly flags: bigint;
  readonly perms: string;
}

/** A row of `files`. */
export interface FileTruth {
  readonly pid: number;
  readonly fd: number;
  readonly filename: string;
  readonly pos: bigint;
  readonly flags: number;
}

/** A row of `sockets`. */
export interface SocketTruth {
  readonly pid: number;
  readonly fd: number;
  readonly family: string;
  readonly type: string;
  readonly local: string | null;
  readonly remote: string | null;
  readonly state: string | null;
  readonly inode: bigint;
}

/** A row of `modules`. */
export interface ModuleTruth {
  readonly name: string;
  readonly base: bigint;
  readonly size: number;
  readonly modd: bigint;
}

/** A row of `mounts`. */
export interface MountTruth {
  readonly id: number;
  readonly parent: number;
  readonly root: string;
  readonly mountpoint: string;
  readonly fstype: string;
  readonly source: string;
}

/** A row of `env`. */
export interface EnvironmentTruth {
  readonly pid: number;
  readonly env: readonly string[];
  readonly cwd: string | null;
  readonly root: string | null;
  readonly exe: string | null;
}

/** A row of `dmesg`. */
export interface LogTruth {
  readonly time: number;
  readonly level: number;
  readonly text: string;
}

/** What a guest that was laid out is doing, as each listing shows it. */
export interface LayoutTruth {
  readonly processes: readonly ProcessTruth[];
  readonly threads: readonly ThreadTruth[];
  readonly current: readonly CurrentTruth[];
  readonly mappings: readonly MappingTruth[];
  readonly files: readonly FileTruth[];
  readonly sockets: readonly SocketTruth[];
  readonly modules: readonly ModuleTruth[];
  readonly mounts: readonly MountTruth[];
  readonly environments: readonly EnvironmentTruth[];
  readonly log: readonly LogTruth[];
  /** The heap of each process that has one: `start_brk` and `brk`. */
  readonly heaps: ReadonlyMap<number, readonly [bigint, bigint]>;
  /** The parts of a guest that the section cannot describe, and that were left out. */
  readonly leftOut: readonly LeftOut[];
}

/** A part of a guest that a section may have no keys for. */
export type LeftOut = 'special files' | 'anonymous inodes' | 'namespaces' | 'IP sockets' | 'log' | 'ids';
