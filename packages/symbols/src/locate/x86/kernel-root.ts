import { formatAddress } from '@osi-linux/core';
import { MemorySurvey } from '../../survey/memory-survey';
import type { DiscoveryMethod, KernelSource } from '../kernel-source';
import type { FoundVmcoreinfo } from '../vmcoreinfo';
import { rootsOfCpus } from './cpu-roots';
import { findI386Roots } from './i386-roots';
import type { KernelRoot } from './root';
import { rootsOfVmcoreinfo } from './vmcoreinfo-roots';
import { findX8664Roots } from './x86-64-roots';

type SurveyedSource = KernelSource & { readonly survey: MemorySurvey };

const ROOTS_BY_METHOD: Readonly<Record<DiscoveryMethod, (source: SurveyedSource) => Iterable<KernelRoot>>> = {
  vmcoreinfo: ({ vmcoreinfo }) =>
    vmcoreinfo === undefined ? [] : rootsOfVmcoreinfo(vmcoreinfo, 'VMCOREINFO of the dump'),
  registers: ({ cpus = [], machine }) => rootsOfCpus(cpus, machine),
  'vmcoreinfo-in-memory': ({ survey }) => survey.notes.flatMap(rootsOfNote),
  'page-tables-in-memory': ({ survey }) => rootsOfTables(survey),
  'rest-of-memory': ({ survey }) => rootsOfRest(survey),
};
const ALL_METHODS = Object.keys(ROOTS_BY_METHOD) as readonly DiscoveryMethod[];

/** Stretches that looked empty, then notes that do not begin a page. */
function* rootsOfRest(survey: MemorySurvey): Generator<KernelRoot> {
  if (survey.complete()) {
    yield* survey.notes.flatMap(rootsOfNote);
    yield* rootsOfTables(survey);
  }
  yield* survey.texts.notes.flatMap(rootsOfNote);
}

function rootsOfTables(survey: MemorySurvey): KernelRoot[] {
  return [...findX8664Roots(survey), ...findI386Roots(survey)];
}

function rootsOfNote({ at, text }: FoundVmcoreinfo): KernelRoot[] {
  return rootsOfVmcoreinfo(text, `VMCOREINFO in memory at physical ${formatAddress(at)}`);
}

/**
 * The roots that each of the source's discovery methods leads to; later roots are searched for only on
 * request. `isFound` reports whether one of them has led to a kernel.
 */
export function* eachRoot(source: KernelSource, isFound: () => boolean): Generator<KernelRoot> {
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
export function findNamedRoots(source: KernelSource): KernelRoot[] {
  return [...eachRoot({ ...source, methods: ['vmcoreinfo', 'registers'] }, () => true)];
}
