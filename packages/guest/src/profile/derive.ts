import { OsiError } from '@osi-linux/core';
import type { Finding } from '@osi-linux/memory';
import { type DerivedKernelInfo, deriveKernelInfo, findBtf, type LocatedKernel } from '@osi-linux/symbols';
import type { KernelRoot } from '../kernel/root';
import type { KernelSearch } from '../kernel/search';
import { MAKE_SECTION } from './refusal';
import { type ProfileTrial, tryProfile } from './trial';

/** What a kernel tells of itself, and through which page tables. */
export interface DerivedProfile extends DerivedKernelInfo {
  readonly root: KernelRoot;
  /** What led to it. */
  readonly findings: readonly Finding[];
}

/**
 * Derives the profile of the kernel in a dump from the kernel's own types and symbols.
 *
 * @throws OsiError `PROFILE_NOT_DERIVABLE` with what is missing; what is wrong with the kernel's types.
 */
export function deriveProfile(search: KernelSearch): DerivedProfile {
  const { kernel, dump } = search;
  if (kernel === undefined) throw notDerivable('no kernel was found in memory');
  const { location, symbols, vmcoreinfo } = kernel;
  if (symbols === undefined)
    throw notDerivable(`the kernel's symbols cannot be read: ${kernel.problem?.message}`);
  const memory = location.tables;
  const btf = findBtf({ memory, physical: dump.memory, symbols });
  if (btf === undefined) throw notDerivable('the kernel has no BTF');
  const sources = { types: btf.btf, symbols, memory, location };
  const derived = deriveKernelInfo(vmcoreinfo === undefined ? sources : { ...sources, vmcoreinfo });
  const size = `${btf.size} bytes at 0x${btf.at.toString(16)}`;
  return {
    ...derived,
    root: rootOf(kernel),
    findings: [
      ...location.evidence.filter(({ what }) => what === 'kernel image' || what === 'kaslr shift'),
      ...symbols.evidence,
      { what: 'types', value: `BTF, ${size}`, evidence: btf.evidence },
      { what: 'derived keys', value: `${derived.lines.length}`, evidence: missingText(derived) },
    ],
  };
}

/** Holds what was derived against the same memory: what is damaged must not pass. */
export function tryDerived(search: KernelSearch, { info, root, findings }: DerivedProfile): ProfileTrial {
  const trial = tryProfile(search.dump, info, root);
  if (trial.fitting === undefined) return trial;
  return { ...trial, fitting: { ...trial.fitting, findings: [...findings, ...trial.fitting.findings] } };
}

/** The root of a kernel that was found by a search. */
export function rootOf({ location }: LocatedKernel): KernelRoot {
  const { form, root, evidence } = location;
  return { form, root, evidence: evidence[0]?.evidence ?? 'a search of memory' };
}

function missingText({ missing }: { readonly missing: DerivedKernelInfo['missing'] }): string {
  if (missing.length === 0) return 'all that there are';
  return `without ${missing.map(({ key }) => key).join(', ')}`;
}

function notDerivable(why: string): OsiError {
  return new OsiError('PROFILE_NOT_DERIVABLE', `cannot derive a section from the dump: ${why}`, {
    hint: MAKE_SECTION,
  });
}
