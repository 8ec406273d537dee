import { formatAddress } from '@osi-linux/core';
import type { GuestTruth } from '../guest-truth';
import { sentencesOf } from '../internal/compare-rows';
import { type CompareOptions, compareTasks } from '../internal/compare-tasks';
import { lastComponent } from '../internal/deleted-name';
import type { Expected, Row } from '../internal/difference';
import { jsonInteger } from '../internal/guest-text';
import { parseProcMaps, type TruthMapping } from '../proc/proc-maps';
import type { TruthTree } from '../truth-tree';

/** Bits of `vm_flags` (include/linux/mm.h) and the letters that they are shown as. */
const PERMS: readonly (readonly [flag: bigint, letter: string])[] = [
  [0x1n, 'r'],
  [0x2n, 'w'],
  [0x4n, 'x'],
];
const VM_MAYSHARE = 0x80n;

/**
 * Compares the rows of `osi-linux maps DUMP --json` with the truth; a sentence for each difference.
 *
 * `flags`, which `/proc/PID/maps` does not show, must agree with its letters; `modd` must be an address that no other
 * mapping of the process has.
 *
 * @example
 * ```ts
 * compareMaps({ processes: [], unsettled: [], tasks: [], cpus: [] }, []) // => ['the truth has no maps']
 * ```
 */
export function compareMaps(truth: GuestTruth, rows: readonly Row[], options: CompareOptions = {}): string[] {
  const found = compareTasks(
    truth,
    rows,
    {
      name: 'maps',
      source: 'maps',
      key: ({ base }) => String(base),
      expect: (tree, folder) => expectMappings(tree, folder),
    },
    options,
  );
  return [...sentencesOf(found), ...(found.truthMissing ? [] : [...oddFlags(rows), ...oddAddresses(rows)])];
}

/** The rows of a task. `[vsyscall]` is shown to every process and is not a mapping of any. */
export function expectMappings(tree: TruthTree, folder: string): Expected[] {
  const lines = parseProcMaps(tree.bytes(`${folder}/maps`) ?? new Uint8Array());
  return lines
    .filter(({ text, hasFile }) => hasFile || text !== '[vsyscall]')
    .map((line) => expectedRow(line, decodeNewlines(line.text, tree)));
}

/**
 * The kernel writes a newline in a name as `\\012`, and does not escape the backslash of a name that holds these four
 * characters: such a name is known from the links, which are never escaped.
 */
function decodeNewlines(text: string, tree: TruthTree): string {
  return tree.linkTexts.has(text) ? text : text.replaceAll('\\012', '\n');
}

function expectedRow({ start, end, perms, offset, hasFile }: TruthMapping, text: string): Expected {
  // Shared anonymous memory has a file, in whose place its name is shown where it was given one.
  const named = text.startsWith('[anon_shmem:');
  return {
    base: formatAddress(start),
    size: jsonInteger(end - start),
    name: hasFile && !named ? lastComponent(text) : text || '[???]',
    file: named ? undefined : hasFile ? text : null,
    offset: jsonInteger(offset),
    perms,
  };
}

function oddFlags(rows: readonly Row[]): string[] {
  return rows.flatMap(({ pid, base, flags, perms }) => {
    if (typeof flags === 'string' && /^0x[0-9a-f]+$/.test(flags) && lettersOf(BigInt(flags)) === perms)
      return [];
    const what = `pid ${String(pid)} ${String(base)}: flags: ${String(flags)}`;
    return [`${what} does not go with perms ${String(perms)}`];
  });
}

function lettersOf(flags: bigint): string {
  const letters = PERMS.map(([flag, letter]) => ((flags & flag) === 0n ? '-' : letter));
  return `${letters.join('')}${(flags & VM_MAYSHARE) === 0n ? 'p' : 's'}`;
}

function oddAddresses(rows: readonly Row[]): string[] {
  const seen = new Set<string>();
  return rows.flatMap(({ pid, tid, base, modd }) => {
    const key = `${String(pid)} ${String(tid)} ${String(modd)}`;
    const odd = typeof modd !== 'string' || !/^0x[0-9a-f]+$/.test(modd) || seen.has(key);
    seen.add(key);
    return odd ? [`pid ${String(pid)} ${String(base)}: modd: ${String(modd)} is no address of its own`] : [];
  });
}
