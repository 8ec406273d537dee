import { formatAddress } from '@osi-linux/core';
import type { GuestTruth } from '../guest-truth';
import { sentencesOf } from '../internal/compare-rows';
import { type CompareOptions, compareTasks } from '../internal/compare-tasks';
import type { Expected, Row } from '../internal/difference';
import { jsonInteger } from '../internal/guest-text';
import { parseFdInfo } from '../proc/proc-fd-info';
import type { TruthTree } from '../truth-tree';

/**
 * Compares the rows of `osi-linux files DUMP --json` with the truth; a sentence for each difference.
 *
 * @example
 * ```ts
 * compareFiles({ processes: [], unsettled: [], tasks: [], cpus: [] }, []) // => ['the truth has no files']
 * ```
 */
export function compareFiles(
  truth: GuestTruth,
  rows: readonly Row[],
  options: CompareOptions = {},
): string[] {
  const listing = {
    name: 'files',
    source: 'fd',
    key: ({ fd }: Row) => `fd ${String(fd)}`,
    expect: (tree: TruthTree, folder: string) => expectFiles(tree, folder),
  } as const;
  if (!printsFlagsAlone(truth.tree)) return sentencesOf(compareTasks(truth, rows, listing, options));
  return sentencesOf(compareTasks(truth, rows.map(withoutCloseOnExec), listing, options));
}

/** O_CLOEXEC of x86, include/uapi/asm-generic/fcntl.h. */
const O_CLOEXEC = 0o2000000n;

/**
 * Whether fdinfo prints `f_flags` as open() left them, not the mark of the descriptor: of the kernels without
 * /proc/PID/ns. Source: `proc_fd_info` in fs/proc/base.c of Linux 2.6.32.
 */
function printsFlagsAlone(tree: TruthTree | undefined): boolean {
  const names = tree?.names('/proc/1/ns') ?? [];
  return names.length > 0 && names.every((name) => tree?.error(`/proc/1/ns/${name}`) === MISSING);
}

/** strerror(ENOENT) of glibc. */
const MISSING = 'No such file or directory';

function withoutCloseOnExec(row: Row): Row {
  const { flags } = row;
  return typeof flags === 'string' ? { ...row, flags: formatAddress(BigInt(flags) & ~O_CLOEXEC) } : row;
}

/** The rows of a task, by descriptor. */
export function expectFiles(tree: TruthTree, folder: string): Expected[] {
  const unmarked = printsFlagsAlone(tree);
  return openFds(tree, folder).map((fd) => {
    const info = tree.bytes(`${folder}/fdinfo/${fd}`);
    const { pos, flags } = info === undefined ? {} : parseFdInfo(info);
    return {
      fd,
      filename: tree.link(`${folder}/fd/${fd}`),
      pos: pos === undefined ? undefined : jsonInteger(pos),
      flags: flags === undefined ? undefined : formatAddress(unmarked ? flags & ~O_CLOEXEC : flags),
    };
  });
}

/** The descriptors of a task, ascending. */
export function openFds(tree: TruthTree, folder: string): number[] {
  return tree
    .names(`${folder}/fd`)
    .map(Number)
    .sort((one, other) => one - other);
}
