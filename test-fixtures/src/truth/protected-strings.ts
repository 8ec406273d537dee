import type { TruthProcess } from './guest-truth';
import type { ProcessStrings } from './unreadable-strings';

/** The processes of the zoo that take away the right to read their strings, and the strings (zoo/environments.c). */
const PROTECTED: Readonly<Record<string, { readonly strings: ProcessStrings; readonly text: string }>> = {
  'args-protected': { strings: 'cmdline', text: 'protected\0arguments\0' },
  'env-protected': { strings: 'env', text: 'A=on two pages\0B=2\0' },
};

/**
 * The strings of a process that are in memory on pages which are `PROT_NONE`: `/proc` does not show them, memory does;
 * `undefined` for a process that has none.
 *
 * @example
 * ```ts
 * const process = { comm: new TextEncoder().encode('sh'), unreadable: ['env'] } as never;
 * findProtectedStrings(process, 'env') // => undefined
 * ```
 */
export function findProtectedStrings(process: TruthProcess, strings: ProcessStrings): Uint8Array | undefined {
  if (process.unreadable?.includes(strings) !== true) return undefined;
  const known = PROTECTED[new TextDecoder().decode(process.comm)];
  return known?.strings === strings ? new TextEncoder().encode(known.text) : undefined;
}
