import { formatAddress } from '@osi-linux/core';
import { MemorySurvey } from '../survey/memory-survey';
import { rootsOfCpus } from './cpu-roots';
import { findNarrowRoots } from './i386-roots';
import type { KernelSource } from './kernel-source';
import type { KernelMeans, RootCandidate } from './root-candidate';
import type { FoundVmcoreinfo } from './vmcoreinfo';
import { rootsOfVmcoreinfo } from './vmcoreinfo-roots';
import { findWideRoots } from './x86-64-roots';

type SurveyedSource = KernelSource & { readonly survey: MemorySurvey };

const ROOTS_BY_MEANS: Readonly<Record<KernelMeans, (source: SurveyedSource) => Iterable<RootCandidate>>> = {
  vmcoreinfo: ({ vmcoreinfo }) =>
    vmcoreinfo === undefined ? [] : rootsOfVmcoreinfo(vmcoreinfo, 'VMCOREINFO of the dump'),
  registers: ({ cpus = [], machine }) => rootsOfCpus(cpus, machine),
  'vmcoreinfo-in-memory': ({ survey }) => survey.notes.flatMap(rootsOfNote),
  'page-tables-in-memory': ({ survey }) => rootsOfTables(survey),
  'rest-of-memory': ({ survey }) => rootsOfRest(survey),
};
const ALL_MEANS = Object.keys(ROOTS_BY_MEANS) as readonly KernelMeans[];

/** What looked empty, then notes that begin no page. */
function* rootsOfRest(survey: MemorySurvey): Generator<RootCandidate> {
  if (survey.complete()) {
    yield* survey.notes.flatMap(rootsOfNote);
    yield* rootsOfTables(survey);
  }
  yield* survey.texts.notes.flatMap(rootsOfNote);
}

function rootsOfTables(survey: MemorySurvey): RootCandidate[] {
  return [...findWideRoots(survey), ...findNarrowRoots(survey)];
}

function rootsOfNote({ at, text }: FoundVmcoreinfo): RootCandidate[] {
  return rootsOfVmcoreinfo(text, `VMCOREINFO in memory at physical ${formatAddress(at)}`);
}

/**
 * The roots that each of the source's means leads to; what is found later is searched for only when it is asked for.
 * `isFound` tells whether one of them has led to a kernel.
 */
export function* eachRoot(source: KernelSource, isFound: () => boolean): Generator<RootCandidate> {
  const survey = source.survey ?? new MemorySurvey(source.memory);
  for (const means of ALL_MEANS) {
    if (source.means !== undefined && !source.means.includes(means)) continue;
    if (means === 'rest-of-memory' && isFound()) continue;
    yield* ROOTS_BY_MEANS[means]({ ...source, survey });
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
  return [...eachRoot({ ...source, means: ['vmcoreinfo', 'registers'] }, () => true)];
}
