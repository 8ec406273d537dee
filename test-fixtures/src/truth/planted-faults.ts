import type { Row } from './internal/difference';

/** Rows with a fault in them that a comparison must report. */
export interface PlantedFault {
  readonly fault: string;
  readonly rows: readonly Row[];
}

/** The field that distinguishes a row from the others: the first one of these that it has. */
const KEYS = ['pid', 'id', 'name', 'text'] as const;

/**
 * Right rows made wrong in every way: each field of a row changed, a row missing, a row too many, one there twice, two
 * in each other's places. They are done to the rows of pid 1, or in the middle where there are none: nothing
 * excuses those.
 *
 * @example
 * ```ts
 * plantFaults([{ pid: 1, name: 'init' }]).map(({ fault }) => fault)
 * // => ['another pid', 'another name', 'a row missing', 'a row too many', 'a row twice']
 * ```
 */
export function plantFaults(rows: readonly Row[]): PlantedFault[] {
  const ofInit = rows.findIndex(({ pid }) => pid === 1);
  const at = ofInit >= 0 ? ofInit : Math.max(0, Math.floor(rows.length / 2) - 1);
  const [row, next] = [rows[at], rows[at + 1]];
  if (row === undefined) return [];
  const [before, after] = [rows.slice(0, at), rows.slice(at + 1)];
  const key = KEYS.find((name) => row[name] !== undefined) ?? 'pid';
  const made: PlantedFault[] = [
    ...Object.keys(row).map((field) => ({
      fault: `another ${field}`,
      rows: [...before, { ...row, [field]: 'planted' }, ...after],
    })),
    { fault: 'a row missing', rows: [...before, ...after] },
    { fault: 'a row too many', rows: [...before, row, { ...row, [key]: 4_194_303 }, ...after] },
    { fault: 'a row twice', rows: [...before, row, row, ...after] },
  ];
  if (next === undefined) return made;
  return [...made, { fault: 'two rows in turn', rows: [...before, next, row, ...after.slice(1)] }];
}
