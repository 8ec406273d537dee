import { IMAGE_REACH, type PhysicalMemory, type VirtualAddress } from '@osi-linux/core';
import { AddressSpace, linuxNonPresent } from '@osi-linux/x86-mmu';
import { MemorySurvey } from '../../survey/memory-survey';
import type { DiscoveryMethod, KernelSource } from '../kernel-source';
import type { Vmcoreinfo } from '../vmcoreinfo';
import { entriesOfCpu } from './cpu-entries';
import { findI386Image } from './i386-image';
import { findImage, type Image } from './image';
import { eachRoot, type SurveyedSource } from './kernel-root';
import type { KernelLocation } from './location';
import type { KernelRoot } from './root';
import { rankLocations } from './root-rank';

/**
 * Every kernel that a guest's memory shows, without a profile: by the source's own VMCOREINFO note, by the registers of
 * its processors, by VMCOREINFO in its memory, by page tables in its memory that lead to an image and to themselves.
 *
 * Later locations are searched for only on request; the last two read all of memory, once. A kernel that the
 * registers lead to comes last where the processor's own handlers are not in its image.
 *
 * @example
 * ```ts
 * declare const dump: Dump;
 * const [first] = eachKernelLocation(dump);
 * [first?.form.name, first?.kaslrShift === null] // => ['4-level', false]
 * ```
 */
export function* eachKernelLocation(source: KernelSource): Generator<KernelLocation> {
  for (const { location } of eachCandidate(source)) yield location;
}

/** A kernel that was found, and the note that led to it. */
export interface LocationCandidate {
  readonly location: KernelLocation;
  readonly vmcoreinfo: Vmcoreinfo | undefined;
}

/** The results of {@link eachKernelLocation}, with the notes. */
export function* eachCandidate(source: KernelSource): Generator<LocationCandidate> {
  const survey = source.survey ?? new MemorySurvey(source.memory);
  const seen: KernelLocation[] = [];
  const doubtful: LocationCandidate[] = [];
  const isNew = ({ location }: LocationCandidate) => !seen.some((other) => isSameImage(other, location));
  const locate = (methods: readonly DiscoveryMethod[]) => eachLocated({ ...source, survey }, methods);
  for (const { isDoubtful, ...candidate } of locate(NAMED)) {
    if (!isNew(candidate)) continue;
    seen.push(candidate.location);
    if (isDoubtful) doubtful.push(candidate);
    else yield candidate;
  }
  for (const candidate of rankCandidates(survey, [...locate(SEARCHED)])) {
    if (!isNew(candidate)) continue;
    seen.push(candidate.location);
    yield candidate;
  }
  for (const candidate of seen.length > doubtful.length ? [] : locate(['rest-of-memory'])) {
    if (!isNew(candidate)) continue;
    seen.push(candidate.location);
    yield candidate;
  }
  yield* doubtful;
}

/** The roots that the source names: a process of the guest cannot plant those. */
const NAMED = ['vmcoreinfo', 'registers'] as const;
const SEARCHED = ['vmcoreinfo-in-memory', 'page-tables-in-memory'] as const;

interface Located extends LocationCandidate {
  readonly isDoubtful: boolean;
}

function* eachLocated(source: SurveyedSource, methods: readonly DiscoveryMethod[]): Generator<Located> {
  for (const root of eachRoot(source, methods)) {
    const found = locateRoot(source.memory, root);
    if (found !== undefined) yield { ...found, vmcoreinfo: root.vmcoreinfo };
  }
}

/** The best of each image with its rivals: the other roots that lead to the same image. */
function rankCandidates(survey: MemorySurvey, candidates: readonly LocationCandidate[]): LocationCandidate[] {
  const isSameRoot = (one: KernelLocation, other: KernelLocation) =>
    one.form === other.form && one.root === other.root;
  const distinct = candidates.filter(
    ({ location }, at) => candidates.findIndex((other) => isSameRoot(other.location, location)) === at,
  );
  const ranked = rankLocations(
    survey,
    distinct.map(({ location }) => location),
  );
  return ranked.map((location, at) => {
    const rivals = ranked.slice(at + 1).filter((other) => isSameImage(location, other));
    const found = distinct.find((candidate) => candidate.location === location);
    return { location: { ...location, rivals: rivals.map(rootOf) }, vmcoreinfo: found?.vmcoreinfo };
  });
}

function rootOf({ form, root, evidence }: KernelLocation): KernelRoot {
  return { form, root, evidence: evidence.root };
}

/** Under page-table isolation the half of user code maps a part of the image, which seems to begin there. */
function isSameImage(one: KernelLocation, other: KernelLocation): boolean {
  const behind = other.textBase - one.textBase;
  const inside = behind === 0n || (one.mapBase >> 32n !== 0n && behind > 0n && behind < IMAGE_REACH);
  return inside && one.physBase === other.physBase && one.form === other.form;
}

/** By all that is known: of 32 bits, and of processors, more than {@link locateThrough} looks at. */
function locateRoot(
  memory: PhysicalMemory,
  root: KernelRoot,
): { readonly location: KernelLocation; readonly isDoubtful: boolean } | undefined {
  const tables = new AddressSpace(root.form, memory, root.root, linuxNonPresent());
  const entries = root.cpu === undefined ? [] : entriesOfCpu(tables, root.cpu);
  const i386 = tables.architecture.wordSize === 4;
  const image =
    findImage(tables, root.vmcoreinfo) ??
    (i386 ? findI386Image(memory, tables, entries[0]?.address) : undefined);
  if (image === undefined) return undefined;
  const placed = entries.map((entry) => ({ ...entry, isInImage: isInImage(tables, image, entry.address) }));
  return {
    location: { ...describeLocation(tables, root, image), entries: placed },
    isDoubtful: placed.length > 0 && placed.every((entry) => !entry.isInImage),
  };
}

/**
 * Whether an address leads to memory of an image. Linux commit 3386bc8aed82 ("x86/entry/64: Create a per-CPU SYSCALL
 * entry trampoline") (in v4.15) had LSTAR point at a second mapping of a page of it, until Linux commit bf904d2762ee
 * ("x86/pti/64: Remove the SYSCALL64 entry trampoline") (in v4.20).
 */
function isInImage(tables: AddressSpace, { textBase }: Image, address: VirtualAddress): boolean {
  const [start, at] = [tables.translate(textBase), tables.translate(address)];
  return start !== undefined && at !== undefined && at >= start && at - start < IMAGE_REACH;
}

/**
 * The kernel that a page-table root leads to, or `undefined` if it maps none, or one of 32 bits without
 * VMCOREINFO: to find the start of that takes a search for its symbols.
 *
 * @example
 * ```ts
 * declare const dump: Dump;
 * findNamedRoots(dump).map((root) => locateThrough(dump.memory, root)?.form.name)[0] // => '4-level'
 * ```
 */
export function locateThrough(memory: PhysicalMemory, candidate: KernelRoot): KernelLocation | undefined {
  const { form, root, vmcoreinfo } = candidate;
  const tables = new AddressSpace(form, memory, root, linuxNonPresent());
  const image = findImage(tables, vmcoreinfo);
  return image && describeLocation(tables, candidate, image);
}

function describeLocation(tables: AddressSpace, candidate: KernelRoot, image: Image): KernelLocation {
  const { form, root, vmcoreinfo } = candidate;
  const { textBase, mapBase, physBase, linked, evidence } = image;
  const told = vmcoreinfo?.address('KERNELOFFSET');
  const kaslrShift = told ?? (linked === undefined ? null : textBase - linked);
  return {
    ...{ form, root, tables, textBase, kaslrShift, mapBase, physBase },
    evidence: {
      root: candidate.evidence,
      image: evidence,
      kaslrShift: told === undefined ? 'where the image begins' : 'KERNELOFFSET of VMCOREINFO',
    },
    entries: [],
    rivals: [],
  };
}
