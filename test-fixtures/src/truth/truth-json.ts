import type { GuestTruth } from './guest-truth';

const BYTES: ReadonlySet<string> = new Set(['comm', 'cmdline']);
const WORDS: ReadonlySet<string> = new Set(['task', 'startTime', 'pgd', 'pgdPhysical']);

/**
 * Reads a truth that `formatGuestTruth` printed, as recorded guests keep it.
 *
 * @example
 * ```ts
 * readTruthJson('{"processes": [], "unsettled": [7], "tasks": [], "cpus": []}').unsettled // => [7]
 * ```
 */
export function readTruthJson(text: string): GuestTruth {
  return JSON.parse(text, (key, value: unknown) => {
    if (BYTES.has(key)) return new Uint8Array(Buffer.from(String(value), 'hex'));
    return WORDS.has(key) && value !== null ? BigInt(value as string | number) : value;
  }) as GuestTruth;
}
