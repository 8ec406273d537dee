import { formatAddress } from '@osi-linux/core';
import { MemorySurvey } from '../../survey/memory-survey';
import type { DiscoveryMethod, KernelSource } from '../kernel-source';
import type { FoundVmcoreinfo } from '../vmcoreinfo';
import { rootsOfCpus } from './cpu-roots';
import { findI386Roots } from './i386-roots';
import type { KernelRoot } from './root';
import { rootsOfVmcoreinfo } from './vmcoreinfo-roots';
import { findX8664Roots } from './x86-64-roots';

/** A source with the survey of its memory. */
export type SurveyedSource = KernelSource & { readonly survey: MemorySurvey };

const ROOTS_BY_METHOD: Readonly<Record<DiscoveryMethod, (source: SurveyedSource) => Iterable<KernelRoot>>> = {
  vmcoreinfo: ({ vmcoreinfo }) =>
    vmcoreinfo === undefined ? [] : rootsOfVmcoreinfo(vmcoreinfo, 'VMCOREINFO of the dump'),
  registers: ({ cpus = [], machine }) => rootsOfCpus(cpus, machine),
  'vmcoreinfo-in-memory': ({ survey }) => survey.notes.flatMap(rootsOfNote),
  'page-tables-in-memory': ({ survey }) => rootsOfTables(survey),
  'rest-of-memory': ({ survey }) => rootsOfRest(survey),
};

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
 * The roots that some discovery methods lead to, as far as the source allows them; later ones are searched for only on
 * request.
 */
export function* eachRoot(
  source: SurveyedSource,
  methods: readonly DiscoveryMethod[],
): Generator<KernelRoot> {
  for (const method of methods)
    if (source.methods === undefined || source.methods.includes(method))
      yield* ROOTS_BY_METHOD[method](source);
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
  const methods = ['vmcoreinfo', 'registers'] as const;
  return [...eachRoot({ ...source, survey: new MemorySurvey(source.memory), methods }, methods)];
}
