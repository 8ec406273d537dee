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
  return sentencesOf(compareTasks(truth, rows, listing, options));
}

/** The rows of a task, by descriptor. */
export function expectFiles(tree: TruthTree, folder: string): Expected[] {
  return openFds(tree, folder).map((fd) => {
    const info = tree.bytes(`${folder}/fdinfo/${fd}`);
    const { pos, flags } = info === undefined ? {} : parseFdInfo(info);
    return {
      fd,
      filename: tree.link(`${folder}/fd/${fd}`),
      pos: pos === undefined ? undefined : jsonInteger(pos),
      flags: flags === undefined ? undefined : formatAddress(flags),
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
