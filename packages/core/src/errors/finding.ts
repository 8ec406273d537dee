import { formatAddress } from '../address/address';
import type { GuestAddress } from '../address/guest-address';

/**
 * Something that was noticed about a guest or its dump, with the evidence.
 *
 * It stands beside {@link Skipped}, in the layer that all others import: dump formats, the search for the kernel and the
 * choice of a profile all give findings, and {@link formatFinding} prints those of all of them.
 */
export interface Finding {
  /** Which finding it is, for programs to compare: a fixed name that is never reworded, `truncated`, `kernel-entry`. */
  readonly what: string;
  /** The subject of the finding, for people; `what` itself unless given. */
  readonly title?: string;
  /** The value that was found. */
  readonly value: FindingValue;
  /** The evidence: a clause that no program parses, or the address where the value was found. */
  readonly evidence: string | GuestAddress;
}

/** A value of a finding: a text, a count, a distance in bytes or a raw 64-bit word as `bigint`, an address. */
export type FindingValue = string | number | bigint | GuestAddress;

/** A finding as text, as the command line prints it and as its JSON contains it. */
export interface FormattedFinding {
  /** The subject: the title, if the finding has one. */
  readonly what: string;
  /** Addresses and distances are lower-case hex with `0x`, counts decimal. */
  readonly value: string;
  /** The evidence. */
  readonly evidence: string;
}

/**
 * Makes the text of a finding.
 *
 * @example
 * ```ts
 * formatFinding({ what: 'slide', value: -0x200000n, evidence: 'pid 0' })
 * // => { what: 'slide', value: '-0x200000', evidence: 'pid 0' }
 * formatFinding({ what: 'banner', value: 'Linux version 6.1', evidence: { physical: 0x1000 } }).evidence
 * // => 'physical memory at 0x1000'
 * ```
 */
export function formatFinding({ what, title = what, value, evidence }: Finding): FormattedFinding {
  return { what: title, value: formatValue(value), evidence: formatEvidence(evidence) };
}

function formatValue(value: FindingValue): string {
  if (typeof value === 'bigint') return value < 0n ? `-${formatAddress(-value)}` : formatAddress(value);
  if (typeof value !== 'object') return String(value);
  return formatAddress(value.virtual ?? value.physical);
}

function formatEvidence(evidence: Finding['evidence']): string {
  if (typeof evidence === 'string') return evidence;
  return evidence.virtual === undefined
    ? `physical memory at ${formatAddress(evidence.physical)}`
    : `virtual address ${formatAddress(evidence.virtual)}`;
}
