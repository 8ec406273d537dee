import { parseProcMaps } from './proc/proc-maps';

/** Strings of a process that it has in its own memory, by the field of the row that shows them. */
export type ProcessStrings = 'cmdline' | 'env';

/** Fields 48 to 51 of `/proc/PID/stat` (proc(5), counted from 1): where the arguments and the environment lie. */
const FIELDS: readonly (readonly [strings: ProcessStrings, start: number])[] = [
  ['cmdline', 48],
  ['env', 50],
];

/** Field 28: where the main stack starts; both lie above it. Kernels before 3.5 have no later addresses. */
const START_STACK = 28;

/**
 * Which strings a process cannot read itself: it has taken the right to read them from some page of theirs, or has
 * unmapped it. `/proc` then shows them cut or empty, without a word.
 *
 * @example
 * ```ts
 * const stat = `7 (sh) S${' 0'.repeat(44)} 4096 4100 4100 8192 0`;
 * const maps = Uint8Array.from(Buffer.from('1000-2000 ---p 0 00:00 0 \n'));
 * findUnreadableStrings(stat, maps) // => ['cmdline', 'env']
 * ```
 */
export function findUnreadableStrings(stat: string, maps: Uint8Array): ProcessStrings[] {
  const readable = parseProcMaps(maps).filter(({ perms }) => perms.startsWith('r'));
  if (fieldsOf(stat).length <= 51 - 3) {
    const at = stringsAddress(stat, START_STACK);
    const isThere = at === 0n || readable.some(({ start, end }) => start <= at && at < end);
    return isThere ? [] : FIELDS.map(([strings]) => strings);
  }
  return FIELDS.filter(([, field]) => {
    let at = stringsAddress(stat, field);
    const end = stringsAddress(stat, field + 1);
    for (const mapping of readable) if (mapping.start <= at && at < mapping.end) at = mapping.end;
    return at < end;
  }).map(([strings]) => strings);
}

/**
 * Which strings of a process lie on pages that the collector sent into the swap at its end, by its list `/run/page-out`
 * of lines `pid address length` (the last two in hex). Whether the kernel did it is not known.
 *
 * @example
 * ```ts
 * const stat = `7 (sh) S${' 0'.repeat(44)} 4096 4100 8192 8200 0`;
 * findPagedOutStrings(7, stat, '7 2000 1000\n') // => ['env']
 * ```
 */
export function findPagedOutStrings(pid: number, stat: string, list: string): ProcessStrings[] {
  const ranges = [...list.matchAll(/^(\d+) ([0-9a-f]+) ([0-9a-f]+)$/gm)]
    .filter(([, owner]) => Number(owner) === pid)
    .map(
      ([, , start, length]) => [BigInt(`0x${start}`), BigInt(`0x${start}`) + BigInt(`0x${length}`)] as const,
    );
  return FIELDS.filter(([, field]) => {
    const [at, end] = [stringsAddress(stat, field), stringsAddress(stat, field + 1)];
    return ranges.some((range) => at < range[1] && range[0] < end);
  }).map(([strings]) => strings);
}

function stringsAddress(stat: string, field: number): bigint {
  return BigInt(fieldsOf(stat)[field - 3] ?? 0);
}

/** The fields from the third on. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
