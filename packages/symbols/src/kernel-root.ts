import { formatAddress, type PhysicalAddress } from '@osi-linux/core';
import type { PagingForm } from '@osi-linux/x86-mmu';
import { rootsOfCpus } from './internal/cpu-roots';
import { scanForRoots } from './internal/root-scan';
import { rootsOfVmcoreinfo } from './internal/vmcoreinfo-roots';
import type { KernelSource } from './kernel-location';
import { findVmcoreinfos, type Vmcoreinfo } from './vmcoreinfo';

/** A page-table root that may be a kernel's. */
export interface RootCandidate {
  /** The form of paging that its tables are of. */
  readonly form: PagingForm;
  /** Physical address of the top page table. */
  readonly root: PhysicalAddress;
  /** What names it: `CR3 of cpu 0`. */
  readonly evidence: string;
  /** The VMCOREINFO note that it comes from. */
  readonly vmcoreinfo?: Vmcoreinfo;
}

/**
 * What can lead to a kernel, in the order in which it is tried: the source's VMCOREINFO note, the registers of its
 * processors, VMCOREINFO in its memory, page tables in its memory. The last two read all of memory.
 */
export type KernelMeans = 'vmcoreinfo' | 'registers' | 'vmcoreinfo-in-memory' | 'page-tables-in-memory';

const ROOTS_BY_MEANS: Readonly<Record<KernelMeans, (source: KernelSource) => Iterable<RootCandidate>>> = {
  vmcoreinfo: ({ vmcoreinfo }) =>
    vmcoreinfo === undefined ? [] : rootsOfVmcoreinfo(vmcoreinfo, 'VMCOREINFO of the dump'),
  registers: ({ cpus = [], machine }) => rootsOfCpus(cpus, machine),
  'vmcoreinfo-in-memory': ({ memory }) =>
    findVmcoreinfos(memory).flatMap(({ at, text }) =>
      rootsOfVmcoreinfo(text, `VMCOREINFO in memory at physical ${formatAddress(at)}`),
    ),
  'page-tables-in-memory': ({ memory }) => scanForRoots(memory),
};
const ALL_MEANS = Object.keys(ROOTS_BY_MEANS) as readonly KernelMeans[];

/** The roots that each of the source's means leads to; what is found later is searched for only when it is asked for. */
export function* eachRoot(source: KernelSource): Generator<RootCandidate> {
  for (const means of ALL_MEANS) {
    if (source.means?.includes(means) ?? true) yield* ROOTS_BY_MEANS[means](source);
  }
}

/**
 * The roots that a source names itself, by its VMCOREINFO note and by the registers of its processors, in this order.
 * None is looked into, and no memory is searched.
 *
 * @example
 * ```ts
 * declare const dump: Dump;
 * const [first] = findNamedRoots(dump);
 * first?.form.name // => '4-level'
 * findNamedRoots({ memory: dump.memory }) // => []
 * ```
 */
export function findNamedRoots(source: KernelSource): RootCandidate[] {
  return [...eachRoot({ ...source, means: ['vmcoreinfo', 'registers'] })];
}
