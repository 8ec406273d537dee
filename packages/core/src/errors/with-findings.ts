import type { Finding } from './finding';
import { OsiError } from './osi-error';

/**
 * The same error with findings that were made before it, in front of its own, and with another hint if one is given.
 * {@link findingsOf} reads them.
 *
 * @example
 * ```ts
 * const cut = { what: 'truncated', value: '100 bytes are missing', evidence: 'the file ends at 900' };
 * const error = withFindings(new OsiError('PROFILE_NONE_FITS', 'no section fits'), [cut], 'copy the dump again');
 * [error.message, findingsOf(error), error.hint] // => ['no section fits', [cut], 'copy the dump again']
 * ```
 */
export function withFindings(error: OsiError, findings: readonly Finding[], hint = error.hint): OsiError {
  if (findings.length === 0 && hint === error.hint) return error;
  const all = [...findings, ...findingsOf(error)];
  const copy = new OsiError(error.code, error.message, {
    cause: error.cause,
    fields: { ...error.fields, findings: all },
    ...(hint === undefined ? {} : { hint }),
  });
  return Object.assign(copy, { stack: error.stack });
}

/**
 * What was noticed about a dump before an error, such as that its end is missing: it may be the reason. Print it before
 * the message; the fields of the error have it as `findings`.
 *
 * @example
 * ```ts
 * findingsOf(new OsiError('PROFILE_NONE_FITS', 'no section fits')) // => []
 * ```
 */
export function findingsOf({ fields }: OsiError): readonly Finding[] {
  const { findings } = fields;
  return Array.isArray(findings) ? (findings as readonly Finding[]) : [];
}
