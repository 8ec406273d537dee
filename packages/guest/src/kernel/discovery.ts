import { formatAddress } from '@osi-linux/core';
import type { Finding } from '@osi-linux/memory';
import {
  type DiscoveryMethod,
  eachKernelLocation,
  type KernelLocation,
  type LocatedKernel,
} from '@osi-linux/symbols';
import { entryFindings } from './entry';
import { bannerOf, type KernelSearch } from './search';

const TITLES: Readonly<Record<DiscoveryMethod, string>> = {
  vmcoreinfo: 'kernel by VMCOREINFO of the dump',
  registers: 'kernel by registers of processors',
  'vmcoreinfo-in-memory': 'kernel by VMCOREINFO in memory',
  'page-tables-in-memory': 'kernel by page tables in memory',
  'rest-of-memory': 'kernel by the rest of memory',
};
const ALL = Object.keys(TITLES) as readonly DiscoveryMethod[];

/**
 * The results of each discovery method for a kernel without a profile, whether or not another has found one,
 * and why not; all of them share one pass over memory.
 */
export function reportDiscovery(search: KernelSearch): Finding[] {
  const findings: Finding[] = [];
  const places = new Map<string, KernelLocation>();
  const taken = search.kernel && placeOf(search.kernel.location);
  for (const method of ALL) {
    if (method === 'rest-of-memory' && places.size > 0) break;
    const which = { what: `kernel-by-${method}`, title: TITLES[method] };
    const locations = [...eachKernelLocation({ ...search.source, methods: [method] })];
    for (const location of locations)
      if (!places.has(placeOf(location))) places.set(placeOf(location), location);
    const location = locations.find((found) => placeOf(found) === taken) ?? locations[0];
    if (location === undefined)
      findings.push({ ...which, value: 'not found', evidence: whyNot(search, method) });
    else findings.push({ ...which, value: locationText(location), evidence: evidenceText(location) });
  }
  const entries = [...places.values()].flatMap((location) => entryFindings(search, location));
  const others = places.size > 1 ? search.findOthers() : [];
  return [...findings, ...skippedFinding(search), ...entries, ...others.map(otherFinding)];
}

/** The memory that was not read, if something was found without it. */
function skippedFinding({ survey }: KernelSearch): Finding[] {
  const bytes = survey.skipped.reduce((sum, { start, end }) => sum + (end - start), 0);
  if (bytes === 0) return [];
  const evidence = 'behind a MiB of zeros, zero wherever it was looked at, once in 3 MiB or more often';
  return [{ what: 'memory-not-searched', title: 'memory not searched', value: `${bytes} bytes`, evidence }];
}

function placeOf({ form, textBase, physBase }: KernelLocation): string {
  return `${form.name} ${textBase} ${physBase}`;
}

function whyNot({ dump, survey }: KernelSearch, method: DiscoveryMethod): string {
  const { cpus, vmcoreinfo } = dump;
  switch (method) {
    case 'vmcoreinfo':
      return vmcoreinfo === undefined
        ? 'the dump has no such note'
        : 'the page table in the note maps no kernel';
    case 'registers':
      return cpus.length === 0
        ? 'the dump has no registers'
        : 'the page table in CR3 maps no kernel image that can be recognised';
    case 'vmcoreinfo-in-memory':
      return survey.notes.length === 0
        ? 'no page that was read begins with such a note'
        : `${survey.notes.length} of them in memory, and none leads to a kernel`;
    case 'page-tables-in-memory':
      return 'no table that was read maps a 64-bit image that it is in, or RAM with itself in it as 32-bit kernels do';
    case 'rest-of-memory':
      return 'no such note in all of memory, at steps of 4 bytes, or none that leads to a kernel';
  }
}

function locationText({ form, textBase, kaslrShift, physBase }: KernelLocation): string {
  const shift = kaslrShift === null ? 'unknown' : formatAddress(kaslrShift);
  return `${form.name}, image at ${formatAddress(textBase)}, KASLR shift ${shift}, phys_base ${physBase}`;
}

function evidenceText({ evidence }: KernelLocation): string {
  return `${evidence.root}; ${evidence.image}`;
}

/** A kernel in memory beside the one that is taken. */
function otherFinding(kernel: LocatedKernel): Finding {
  const { location, commandLine, isCrashKernel } = kernel;
  const banner = bannerOf(kernel)?.text;
  const said = [
    ...(isCrashKernel ? ['it was started to dump a crashed one: elfcorehdr= on its command line'] : []),
    ...(commandLine === undefined ? [] : [`command line "${commandLine}"`]),
    ...(banner === undefined ? ['no banner'] : [`banner "${banner}"`]),
    evidenceText(location),
  ];
  return {
    what: 'another-kernel',
    title: 'another kernel',
    value: locationText(location),
    evidence: said.join('; '),
  };
}
