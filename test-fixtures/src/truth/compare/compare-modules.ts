import { formatAddress } from '@osi-linux/core';
import type { GuestTruth } from '../guest-truth';
import { compareRows, sentencesOf } from '../internal/compare-rows';
import type { Row } from '../internal/difference';
import { parseProcModules } from '../proc/proc-modules';

/**
 * Compares the rows of `osi-linux modules DUMP --json` with the truth; a sentence for each difference.
 *
 * `modd`, which `/proc/modules` does not show, must be an address that no other module has.
 *
 * @example
 * ```ts
 * compareModules({ processes: [], unsettled: [], tasks: [], cpus: [] }, []) // => ['the truth has no modules']
 * ```
 */
export function compareModules(truth: GuestTruth, rows: readonly Row[]): string[] {
  const bytes = truth.tree?.bytes('/proc/modules');
  if (bytes === undefined) return ['the truth has no modules'];
  const expected = parseProcModules(bytes).map((module) => ({ ...module, base: formatAddress(module.base) }));
  const name = (row: Row) => `module ${String(row['name'])}`;
  return [...sentencesOf(compareRows(expected, rows, { key: name, describe: name })), ...oddAddresses(rows)];
}

function oddAddresses(rows: readonly Row[]): string[] {
  const seen = new Set<unknown>();
  return rows.flatMap(({ name, modd }) => {
    const odd = typeof modd !== 'string' || !/^0x[0-9a-f]+$/.test(modd) || seen.has(modd);
    seen.add(modd);
    return odd ? [`module ${String(name)}: modd: ${String(modd)} is no address of its own`] : [];
  });
}
