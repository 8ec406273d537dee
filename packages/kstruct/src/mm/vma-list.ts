import { formatAddress, OsiError, offsetAddress, SkippedLog, type VirtualAddress } from '@osi-linux/core';
import { implausible } from '../kernel/implausible';
import { type Kernel, requireKey } from '../kernel/kernel';
import { missingKey } from '../kernel/layout';
import { MapleEntries, type MapleEntry } from '../lib/maple-tree';
import { LinkedVmas, MAPPING_LIMIT } from './linked-vmas';
import type { Mm } from './mm';
import { Vma, vmaSubject } from './vma';

/**
 * Yields the mappings of an address space, ascending.
 *
 * Walks the maple tree `mm_mt` where the profile has it, else the list from `mmap` over `vm_next`, which
 * Linux commit 763ecb035029 ("mm: remove the vma linked list") (in v6.1) removed. Where the list does not give
 * `map_count` mappings, the red-black tree `mm_rb` and `vm_prev` give those that it lost.
 *
 * An entry whose `vm_mm` is not this address space, or which is not where the tree has it, is reported to
 * `skipped`. So is a number of mappings that is not `map_count`, as a damaged slot looks empty.
 *
 * @throws OsiError `PROFILE_KEY_MISSING` where the profile has neither, at once.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * declare const mm: Mm;
 * const skipped = new SkippedLog();
 * const mappings = [...eachVma(kernel, mm, skipped)];
 * mappings.length === mm.mapCount // => true
 * mappings.some((vma) => vma.start <= mm.argStart && mm.argStart < vma.end) // => true
 * skipped.records.length // => 0
 * ```
 */
export function eachVma(kernel: Kernel, mm: Mm, skipped: SkippedLog): Generator<Vma> {
  return findVmaOrder(kernel) === 'tree'
    ? eachTreeVma(kernel, mm, skipped)
    : eachListVma(kernel, mm, skipped);
}

/**
 * How the kernel orders the mappings of an address space, by the keys of its profile.
 *
 * @throws OsiError `PROFILE_KEY_MISSING` where the profile has the keys of neither.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * findVmaOrder(kernel) // => 'tree'
 * findVmaOrder({ ...kernel, info: {} }) // throws PROFILE_KEY_MISSING
 * ```
 */
export function findVmaOrder({ info }: Kernel): 'tree' | 'list' {
  if (info['mm.mm_mt_offset'] !== undefined) return 'tree';
  const [hasFirst, hasNext] = LIST_KEYS.map((key) => info[key] !== undefined);
  if (hasFirst && hasNext) return 'list';
  // A kernel that has one of the two has the other as well, and no tree.
  if (hasFirst || hasNext) return missingKey(LIST_KEYS[hasFirst ? 1 : 0]);
  return missingKey('mm.mm_mt_offset', ...LIST_KEYS);
}

const LIST_KEYS = ['mm.mmap_offset', 'vma.vm_next_offset'] as const;

function* eachTreeVma(kernel: Kernel, mm: Mm, skipped: SkippedLog): Generator<Vma> {
  const before = skipped.records.length;
  const tree = offsetAddress(mm.address, requireKey(kernel.info, 'mm.mm_mt_offset'));
  let count = 0;
  const { address } = mm;
  const slots = new MapleEntries(kernel, tree, skipped);
  for (let slot = slots.next(); slot !== undefined; slot = slots.next()) {
    if (count > MAPPING_LIMIT) break;
    const vma = new Vma(kernel, slot.entry);
    try {
      if (!vma.covers(address, slot.first, slot.last + 1n)) validateInSlot(vma, address, slot);
    } catch (error) {
      if (!OsiError.is(error)) throw error;
      skipped.add(vmaSubject(slot.entry), error);
      continue;
    }
    count += 1;
    yield vma;
  }
  if (skipped.records.length === before) reportCount(mm, count, skipped);
}

/** The tree keeps each mapping for exactly the addresses that it covers. */
function validateInSlot(vma: Vma, mm: VirtualAddress, { first, last }: MapleEntry): void {
  vma.validate(mm);
  const { address, start, end } = vma;
  const contradiction = { struct: 'vm_area_struct', address };
  if (start !== first)
    throw implausible({
      ...contradiction,
      member: 'vm_start',
      received: start,
      expected: `${formatAddress(first)}, as its slot`,
    });
  if (end !== last + 1n)
    throw implausible({
      ...contradiction,
      member: 'vm_end',
      received: end,
      expected: `${formatAddress(last + 1n)}, as its slot`,
    });
}

function* eachListVma(kernel: Kernel, mm: Mm, skipped: SkippedLog): Generator<Vma> {
  const problems = new SkippedLog();
  const count = readCount(mm, problems);
  const found = new LinkedVmas(kernel, mm, problems).find(count);
  const before = problems.records.length;
  const mappings = withoutOverlaps([...found.values()], problems);
  if (problems.records.length === 0) reportCount(mm, found.size, problems);
  // If all of them were found, nothing is missing, even if one of the ways to them is broken.
  const missing = found.size === count ? problems.records.slice(before) : problems.records;
  for (const { subject, reason } of missing) skipped.add(subject, reason);
  yield* mappings;
}

interface Span {
  readonly vma: Vma;
  readonly start: VirtualAddress;
  readonly end: VirtualAddress;
}

/**
 * Puts mappings in order. No two share an address: where two seem to, one has been damaged, and neither can be believed.
 */
function withoutOverlaps(mappings: readonly Vma[], problems: SkippedLog): Vma[] {
  const spans: Span[] = mappings.map((vma) => ({ vma, start: vma.start, end: vma.end }));
  spans.sort((a, b) => (a.start < b.start ? -1 : Number(a.start > b.start)));
  const refused = new Set<Vma>();
  spans.forEach(({ vma, start }, index) => {
    const before = spans[index - 1];
    if (before === undefined || before.end <= start) return;
    refused.add(before.vma).add(vma);
    problems.add(vmaSubject(vma.address), overlapping(before.vma, vma));
  });
  return spans.map(({ vma }) => vma).filter((vma) => !refused.has(vma));
}

function overlapping(before: Vma, vma: Vma): OsiError {
  return implausible({
    struct: 'vm_area_struct',
    address: vma.address,
    member: 'vm_start',
    received: vma.start,
    expected: `${formatAddress(before.end)} or more, where ${formatAddress(before.address)} ends`,
  });
}

/** `undefined` if the profile or the dump lacks it. */
function readCount(mm: Mm, problems: SkippedLog): number | undefined {
  const count = problems.attempt(
    () => ({ kind: 'list', name: 'map_count' }),
    () => mm.mapCount ?? null,
  );
  return count ?? undefined;
}

/** Says that mappings are missing which left no other trace, as a zeroed slot does. */
function reportCount(mm: Mm, found: number, skipped: SkippedLog): void {
  const count = readCount(mm, skipped);
  if (count === undefined || count === found) return;
  const message = `mm_struct ${formatAddress(mm.address)}: map_count is ${count}, but ${found} mappings were found`;
  const reason = new OsiError('MAP_COUNT_DIFFERS', message, {
    hint: 'the dump is damaged there, or the guest ran while it was dumped',
    fields: { mm: mm.address, count, found },
  });
  skipped.add({ kind: 'list', name: 'mappings' }, reason);
}
