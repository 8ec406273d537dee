import { attempt, OsiError, type PhysicalMemory } from '@osi-linux/core';
import { type KconfIssue, type KernelInfo, safeParseKernelInfo } from '@osi-linux/kconf';
import { ContestedMemory, findInitTask, type Kernel, LinearMapMemory } from '@osi-linux/kstruct';
import type { Dump, Finding } from '@osi-linux/memory';
import type { KernelRoot } from '@osi-linux/symbols';
import { AddressSpace, linuxNonPresent } from '@osi-linux/x86-mmu';
import { findListStart } from '../kernel/list-start';
import type { KernelSearch } from '../kernel/search';
import type { Candidate, SectionCandidate } from './candidate';
import type { Contradiction } from './contradiction';
import { type DerivedProfile, deriveProfile } from './derived-profile';
import { findEntryFormat } from './entry-format';
import { slideProfile } from './relocate';
import { findDumpRoots, findProfileRoot, findSearchedRoots } from './roots';
import type { Verdict } from './verdict';
import { checkProfileFit, HOLE_CODES } from './verify';

/**
 * Compares a candidate with the dump. Memory is only searched for a candidate that needs searched roots, or
 * is derived.
 */
export function tryCandidate(search: KernelSearch, candidate: Candidate): Verdict {
  return candidate.kind === 'section' ? trySection(search, candidate) : tryDerived(search);
}

/** Compares a derived profile with the same memory: a damaged one must not pass. */
export function tryDerivedProfile(dump: Dump, { info, root, findings }: DerivedProfile): Verdict {
  const verdict = tryProfile(dump, info, root);
  if (verdict.fits === undefined) return verdict;
  return { ...verdict, fits: { ...verdict.fits, findings: [...findings, ...verdict.fits.findings] } };
}

function tryDerived(search: KernelSearch): Verdict {
  const derived = attempt(
    () => deriveProfile(search),
    (reason) => reason,
  );
  if (OsiError.is(derived)) return { contradictions: [{ kind: 'not-derivable', reason: derived }] };
  return tryDerivedProfile(search.dump, derived);
}

/** A section without the keys that contradict themselves or each other: memory decides whether the rest is its kernel's. */
function trySection(search: KernelSearch, { group, roots }: SectionCandidate): Verdict {
  const { sound, issues } = safeParseKernelInfo(group);
  const wrong = issues.filter(({ severity }) => severity === 'error');
  const errors = wrong.map((issue) => ({ kind: 'section-error', issue }) as const);
  // The finding without a key stands for more of them than are listed.
  if (wrong.some(({ key }) => key === undefined)) return { contradictions: errors };
  const verdict = tryValues(search, sound, roots);
  if (verdict.fits === undefined)
    return { ...verdict, contradictions: [...errors, ...verdict.contradictions] };
  const { fits } = verdict;
  return { ...verdict, fits: { ...fits, findings: [...wrong.map(droppedFinding), ...fits.findings] } };
}

function droppedFinding({ key = '', otherKey, line, message }: KconfIssue): Finding {
  const value = otherKey === undefined ? key : `${key}, ${otherKey}`;
  return { what: 'dropped-key', title: 'key not used', value, evidence: `line ${line}: ${message}` };
}

/**
 * The first trial that fits; else the one with the most evidence: the first that found pid 0, else the first.
 */
function tryValues(search: KernelSearch, info: KernelInfo, roots: SectionCandidate['roots']): Verdict {
  let best: Trial | undefined;
  for (const trial of eachTrial(search, info, roots)) {
    if (trial.verdict.fits !== undefined) return trial.verdict;
    if (best === undefined || (trial.hasPidZero && !best.hasPidZero)) best = trial;
  }
  return best?.verdict ?? { contradictions: [noRoot(info)] };
}

interface Trial {
  readonly verdict: Verdict;
  /** Whether pid 0 was found by its shape, where KASLR may have moved the kernel. */
  readonly hasPidZero: boolean;
}

/** At the addresses that the section has, through the root that it names; then where KASLR may have moved its kernel. */
function* eachTrial(
  search: KernelSearch,
  info: KernelInfo,
  roots: SectionCandidate['roots'],
): Generator<Trial> {
  const { dump } = search;
  const own = roots === 'named' ? findProfileRoot(info) : undefined;
  if (own !== undefined) yield { verdict: tryProfile(dump, info, own), hasPidZero: false };
  for (const root of roots === 'named' ? findDumpRoots(dump, info) : findSearchedRoots(search)) {
    const slid = slideProfile(info, dump.memory, root);
    if (slid === undefined) yield { verdict: tryProfile(dump, info, root), hasPidZero: false };
    else
      for (const through of rootsOfSlid(slid.info, root))
        yield { verdict: withSlide(tryProfile(dump, slid.info, through), slid.slide), hasPidZero: true };
  }
}

/** The kernel's own page tables first, which are the same in every dump of a guest; then those of a process. */
function rootsOfSlid(info: KernelInfo, by: KernelRoot): readonly KernelRoot[] {
  const own = findProfileRoot(info);
  if (own === undefined) return [by];
  const rivals = by.rivals?.filter(({ root }) => root !== own.root) ?? [];
  return [{ ...own, evidence: `${own.evidence}, by ${by.evidence}`, rivals }, by];
}

function withSlide(verdict: Verdict, slide: bigint): Verdict {
  if (verdict.fits === undefined || slide === 0n) return verdict;
  const { fits } = verdict;
  const evidence =
    'pid 0 is that far from task.init_addr of the section; its other addresses are moved as far';
  const finding = { what: 'slide', value: slide, evidence };
  return { fits: { ...fits, findings: [finding, ...fits.findings] }, isSlid: true };
}

/** Compares values with a dump, at their addresses. */
function tryProfile(dump: Dump, info: KernelInfo, root: KernelRoot): Verdict {
  const tables = new AddressSpace(root.form, dump.memory, root.root, linuxNonPresent(findEntryFormat(info)));
  const linear = new LinearMapMemory(tables, dump.memory, info);
  const rivals = (root.rivals ?? []).map((rival) => tables.withRoot(rival.root));
  const contested = rivals.length === 0 ? undefined : new ContestedMemory(linear, rivals);
  const kernel = withListStart({ memory: contested ?? linear, contested, info }, dump.memory);
  const { contradictions, findings } = checkProfileFit(kernel);
  if (contradictions.length > 0) return { contradictions, through: root };
  return { fits: { kernel, tables, root, findings }, isSlid: false };
}

/** A dump that lacks `init_task` itself may still hold the tasks around it. */
function withListStart(kernel: Kernel, memory: PhysicalMemory): Kernel {
  if (kernel.info['task.init_addr'] === undefined) return kernel;
  const at = findInitTask(kernel).address;
  const missing = kernel.memory.page(at) === undefined && HOLE_CODES.has(kernel.memory.fault(at).code);
  return missing ? { ...kernel, listStart: findListStart(kernel, memory) } : kernel;
}

function noRoot(info: KernelInfo): Contradiction {
  const key = 'kernel.swapper_pg_dir_addr';
  return { kind: 'no-root', lacks: info[key] === undefined ? key : undefined };
}
