import { createListing, formatSubject, type Listing, OsiError, type VirtualAddress } from '@osi-linux/core';
import { classifyMapping, type MappingClass } from '../mapping-class';
import type { OsiModule } from '../osi-types';

/** The mappings of one class, in their order; those whose class could not be read are left to `skipped`. */
export function keepMappings(mappings: Listing<OsiModule>, wanted: MappingClass): Listing<OsiModule> {
  const kept = mappings.filter((mapping) => classifyMapping(mapping) === wanted);
  return createListing(kept, mappings.skipped);
}

/** The mapping that holds an address. @throws OsiError `OSI_ANSWER_UNDECIDED`, as {@link notFound}. */
export function findMappingAt(mappings: Listing<OsiModule>, address: VirtualAddress): OsiModule | undefined {
  const found = mappings.find(({ base, size }) => base <= address && address < base + BigInt(size));
  return found ?? notFound(mappings, () => `a mapping at 0x${address.toString(16)}`);
}

/** The first mapping of a file whose name is as wanted. @throws OsiError `OSI_ANSWER_UNDECIDED`. */
export function findFileMapping(
  mappings: Listing<OsiModule>,
  matches: (name: string) => boolean,
  wanted: string,
): OsiModule | undefined {
  const found = mappings.find(
    (mapping) => mapping.name !== null && classifyMapping(mapping) === 'file' && matches(mapping.name),
  );
  return found ?? notFound(mappings, () => `a file mapping ${wanted}`);
}

/**
 * `undefined`, which means that there is no such row.
 *
 * @throws OsiError `OSI_ANSWER_UNDECIDED` where the listing has holes, so that nobody can say that.
 */
export function notFound({ skipped }: Listing<unknown>, what: () => string): undefined {
  const [first] = skipped;
  if (first === undefined) return undefined;
  const more = skipped.length === 1 ? '' : ` and ${skipped.length - 1} more`;
  throw new OsiError(
    'OSI_ANSWER_UNDECIDED',
    `${what()} was not found, but not everything could be read: ${formatSubject(first.subject)}${more}`,
    {
      hint: 'call the listing: it has the rows that could be read, and the rest in skipped',
      cause: first.reason,
      fields: { skipped },
    },
  );
}
