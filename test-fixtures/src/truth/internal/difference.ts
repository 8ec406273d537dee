/** A row of the command line's JSON. */
export type Row = Readonly<Record<string, unknown>>;

/** Values by field name; those that are `undefined` are not known and not compared. */
export type Expected = Readonly<Record<string, unknown>>;

/** Stands for the text of a link that the guest could not read because it has 4096 bytes or more. */
export const LONG_PATH = '(a path of 4096 bytes or more)';
const LONG_PATH_BYTES = 4096;

/**
 * Whether a received value is the expected one.
 *
 * @example
 * ```ts
 * [isExpected(LONG_PATH, '/x'), isExpected(LONG_PATH, '/x'.repeat(2048)), isExpected('/x', '/x')] // => [false, true, true]
 * ```
 */
export function isExpected(expected: unknown, received: unknown): boolean {
  if (expected === LONG_PATH)
    return typeof received === 'string' && Buffer.byteLength(received) >= LONG_PATH_BYTES;
  return JSON.stringify(expected) === String(JSON.stringify(received));
}

/**
 * Lists field by field where a row differs from the expected one; an empty list if it does not.
 *
 * @example
 * ```ts
 * compareFields('pid 7 "sh"', { uid: 1000, gid: 5 }, { uid: 0, gid: 5 })
 * // => ['pid 7 "sh": uid: expected 1000, received 0']
 * ```
 */
export function compareFields(what: string, expected: Expected, received: Row): string[] {
  return Object.entries(expected).flatMap(([field, value]) => {
    if (value === undefined) return [];
    const [wanted, got] = [JSON.stringify(value), String(JSON.stringify(received[field]))];
    return isExpected(value, received[field])
      ? []
      : [`${what}: ${field}: expected ${wanted}, received ${got}`];
  });
}

/** A kworker may start or end between the truth and the dump; more than this many are not an accident. */
export const KWORKER_TOLERANCE = 2;

/**
 * Sentences about rows that nobody expected, and about expected ones that are not there.
 *
 * Kworkers come and go by themselves: up to {@link KWORKER_TOLERANCE} of each kind are passed over.
 *
 * @example
 * ```ts
 * compareKeys({ missing: ['pid 7 "sh"'], extra: ['pid 9 "kworker/0:1"'] }) // => ['missing row: pid 7 "sh"']
 * ```
 */
export function compareKeys(rows: {
  readonly missing: readonly string[];
  readonly extra: readonly string[];
}): string[] {
  const report = (kind: string, names: readonly string[]): string[] => {
    const workers = names.filter((name) => name.includes('"kworker/'));
    const others = names.filter((name) => !name.includes('"kworker/'));
    const reported = workers.length > KWORKER_TOLERANCE ? names : others;
    return reported.map((name) => `${kind} row: ${name}`);
  };
  return [...report('missing', rows.missing), ...report('extra', rows.extra)];
}

/**
 * Says where the rows that both sides have come in another order.
 *
 * @example
 * ```ts
 * compareOrder([1, 2, 3], [1, 3]) // => []
 * compareOrder([1, 2, 3], [3, 1]) // => ['order: expected 1 before 3']
 * ```
 */
export function compareOrder<Key>(expected: readonly Key[], received: readonly Key[]): string[] {
  const [known, there] = [new Set(expected), new Set(received)];
  const both = received.filter((key) => known.has(key));
  const wanted = expected.filter((key) => there.has(key));
  const at = wanted.findIndex((key, index) => key !== both[index]);
  return at < 0 ? [] : [`order: expected ${String(wanted[at])} before ${String(both[at])}`];
}
