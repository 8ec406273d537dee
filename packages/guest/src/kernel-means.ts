import { formatAddress } from '@osi-linux/core';
import type { Dump, Finding } from '@osi-linux/memory';
import { eachKernelLocation, type KernelLocation, type KernelMeans } from '@osi-linux/symbols';

/** What each of the means that lead to a kernel without a profile has found. */
export interface KernelMeansReport {
  /** The first kernel that one of them has found. */
  readonly location: KernelLocation | undefined;
  /** What each has found, or that it has found none. */
  readonly findings: readonly Finding[];
}

const TITLES: Readonly<Record<KernelMeans, string>> = {
  vmcoreinfo: 'kernel by VMCOREINFO of the dump',
  registers: 'kernel by registers of processors',
  'vmcoreinfo-in-memory': 'kernel by VMCOREINFO in memory',
  'page-tables-in-memory': 'kernel by page tables in memory',
};
const ALL = Object.keys(TITLES) as readonly KernelMeans[];

/** Looks for the kernel by each of the means, whether or not another has found it; reads all of memory twice. */
export function reportKernelMeans(dump: Dump): KernelMeansReport {
  const { memory, cpus, vmcoreinfo, machine } = dump;
  const findings: Finding[] = [];
  let first: KernelLocation | undefined;
  for (const means of ALL) {
    const [location] = eachKernelLocation({ memory, cpus, vmcoreinfo, machine, means: [means] });
    first ??= location;
    const what = TITLES[means];
    if (location === undefined) findings.push({ what, value: 'not found', evidence: whyNot(dump, means) });
    else findings.push({ what, value: locationText(location), evidence: evidenceText(location) });
  }
  return { location: first, findings };
}

function whyNot({ cpus, vmcoreinfo }: Dump, means: KernelMeans): string {
  if (means === 'vmcoreinfo') {
    return vmcoreinfo === undefined ? 'the dump has no such note' : 'what the note names maps no kernel';
  }
  if (means === 'registers') {
    return cpus.length === 0 ? 'the dump has no registers' : 'what CR3 names maps no image that can be told';
  }
  return means === 'vmcoreinfo-in-memory'
    ? 'no such note in all of memory, or none that leads to a kernel'
    : 'no table of a 64-bit kernel in all of memory maps an image that it is in';
}

function locationText({ form, textBase, kaslrShift, physBase }: KernelLocation): string {
  const shift = kaslrShift === null ? 'unknown' : formatAddress(kaslrShift);
  return `${form.name}, image at ${formatAddress(textBase)}, KASLR shift ${shift}, phys_base ${physBase}`;
}

function evidenceText({ evidence }: KernelLocation): string {
  return evidence
    .slice(0, 2)
    .map((found) => found.evidence)
    .join('; ');
}
