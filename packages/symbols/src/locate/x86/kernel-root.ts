import { type Cpu, formatAddress, type PhysicalAddress } from '@osi-linux/core';
import type { PagingForm } from '@osi-linux/x86-mmu';
import { MemorySurvey } from '../../survey/memory-survey';
import type { FoundVmcoreinfo, Vmcoreinfo } from '../vmcoreinfo';
import { rootsOfCpus } from './cpu-roots';
import { findI386Roots } from './i386-roots';
import type { KernelSource } from './kernel-location';
import { rootsOfVmcoreinfo } from './vmcoreinfo-roots';
import { findX8664Roots } from './x86-64-roots';

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
  /** The processor that uses it. */
  readonly cpu?: Cpu;
}

/**
 * What can lead to a kernel, in the order in which it is tried: the source's VMCOREINFO note, the registers of its
 * processors, VMCOREINFO in its memory, page tables in its memory. The last two share one pass over memory.
 * Where nothing of these has led to a kernel, the stretches that looked empty are read as well, and VMCOREINFO that begins
 * no page, as before Linux v4.13, is searched for in a pass of its own.
 */
export type DiscoveryMethod =
  | 'vmcoreinfo'
  | 'registers'
  | 'vmcoreinfo-in-memory'
  | 'page-tables-in-memory'
  | 'rest-of-memory';

type SurveyedSource = KernelSource & { readonly survey: MemorySurvey };

const ROOTS_BY_METHOD: Readonly<
  Record<DiscoveryMethod, (source: SurveyedSource) => Iterable<RootCandidate>>
> = {
  vmcoreinfo: ({ vmcoreinfo }) =>
    vmcoreinfo === undefined ? [] : rootsOfVmcoreinfo(vmcoreinfo, 'VMCOREINFO of the dump'),
  registers: ({ cpus = [], machine }) => rootsOfCpus(cpus, machine),
  'vmcoreinfo-in-memory': ({ survey }) => survey.notes.flatMap(rootsOfNote),
  'page-tables-in-memory': ({ survey }) => rootsOfTables(survey),
  'rest-of-memory': ({ survey }) => rootsOfRest(survey),
};
const ALL_METHODS = Object.keys(ROOTS_BY_METHOD) as readonly DiscoveryMethod[];

/** What looked empty, then notes that begin no page. */
function* rootsOfRest(survey: MemorySurvey): Generator<RootCandidate> {
  if (survey.complete()) {
    yield* survey.notes.flatMap(rootsOfNote);
    yield* rootsOfTables(survey);
  }
  yield* survey.texts.notes.flatMap(rootsOfNote);
}

function rootsOfTables(survey: MemorySurvey): RootCandidate[] {
  return [...findX8664Roots(survey), ...findI386Roots(survey)];
}

function rootsOfNote({ at, text }: FoundVmcoreinfo): RootCandidate[] {
  return rootsOfVmcoreinfo(text, `VMCOREINFO in memory at physical ${formatAddress(at)}`);
}

/**
 * The roots that each of the source's discovery methods leads to; what is found later is searched for only when it is asked for.
 * `isFound` tells whether one of them has led to a kernel.
 */
export function* eachRoot(source: KernelSource, isFound: () => boolean): Generator<RootCandidate> {
  const survey = source.survey ?? new MemorySurvey(source.memory);
  for (const method of ALL_METHODS) {
    if (source.methods !== undefined && !source.methods.includes(method)) continue;
    if (method === 'rest-of-memory' && isFound()) continue;
    yield* ROOTS_BY_METHOD[method]({ ...source, survey });
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
  return [...eachRoot({ ...source, methods: ['vmcoreinfo', 'registers'] }, () => true)];
}
