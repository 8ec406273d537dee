import { OsiError } from '@osi-linux/core';
import type { Finding } from '@osi-linux/memory';
import { type DerivedKernelInfo, deriveKernelInfo, findBtf, type KernelRoot } from '@osi-linux/symbols';
import { imageFinding, shiftFinding } from '../kernel/location-findings';
import type { KernelSearch } from '../kernel/search';
import { hintOf } from './dump-damage';
import { MAKE_SECTION } from './refusal';
import { rootOf } from './roots';

/** The facts that a kernel contains about itself, and the page tables that they are read through. */
export interface DerivedProfile extends DerivedKernelInfo {
  readonly root: KernelRoot;
  /** The method that led to it. */
  readonly findings: readonly Finding[];
}

/**
 * Derives the profile of the kernel in a dump from the kernel's own types and symbols.
 *
 * @throws OsiError `PROFILE_NOT_DERIVABLE` with what is missing; what is wrong with the kernel's types.
 */
export function deriveProfile(search: KernelSearch): DerivedProfile {
  const { kernel, dump } = search;
  if (kernel === undefined) throw notDerivable(search, 'no kernel was found in memory');
  const { location, symbols, vmcoreinfo } = kernel;
  if (symbols === undefined)
    throw notDerivable(search, `the kernel's symbols cannot be read: ${kernel.problem?.message}`);
  const memory = location.tables;
  const btf = findBtf({ memory, physical: dump.memory, symbols });
  if (btf === undefined) throw notDerivable(search, 'the kernel has no BTF');
  const sources = { types: btf.btf, symbols, memory, location };
  const derived = deriveKernelInfo(vmcoreinfo === undefined ? sources : { ...sources, vmcoreinfo });
  const size = `${btf.size} bytes at 0x${btf.at.toString(16)}`;
  return {
    ...derived,
    root: rootOf(kernel),
    findings: [
      imageFinding(location),
      shiftFinding(location),
      ...symbols.evidence,
      { what: 'types', value: `BTF, ${size}`, evidence: btf.evidence },
      derivedKeysFinding(derived),
    ],
  };
}

/** How many keys were derived, and which are missing. */
export function derivedKeysFinding({ lines, missing }: DerivedKernelInfo): Finding {
  const names = missing.map(({ key }) => key).join(', ');
  const evidence = names === '' ? 'all keys' : `without ${names}`;
  return { what: 'derived-keys', title: 'derived keys', value: lines.length, evidence };
}

function notDerivable(search: KernelSearch, why: string): OsiError {
  return new OsiError('PROFILE_NOT_DERIVABLE', `cannot derive a section from the dump: ${why}`, {
    hint: hintOf(search, MAKE_SECTION),
  });
}
