import { formatAddress, type PhysicalMemory } from '@osi-linux/core';
import { type KernelInfo, type KeyFileGroup, safeParseKernelInfo } from '@osi-linux/kconf';
import { findInitTask, type Kernel, LinearMapMemory } from '@osi-linux/kstruct';
import type { Dump, Finding } from '@osi-linux/memory';
import { AddressSpace, linuxNonPresent } from '@osi-linux/x86-mmu';
import { findAnchor } from '../kernel/list-start';
import { findDumpRoots, findProfileRoot, type KernelRoot } from '../kernel/root';
import { type SlidProfile, slideProfile } from './relocate';
import { findSwapTypes } from './swap-types';
import { checkProfileFit, HOLE_CODES } from './verify';

/** A kernel that a profile leads to, and in which nothing contradicts it. */
export interface FittingProfile {
  /** The kernel's memory and its offsets. */
  readonly kernel: Kernel;
  /** The kernel's own page tables. */
  readonly tables: AddressSpace;
  /** The page-table root through which the kernel is read. */
  readonly root: KernelRoot;
  /** What was held against memory and agrees. */
  readonly findings: readonly Finding[];
}

/** What came of holding a profile against a dump. */
export interface ProfileTrial {
  /** Absent where the profile contradicts the dump. */
  readonly fitting?: FittingProfile;
  /** Whether its addresses had to be moved. */
  readonly isSlid?: boolean;
  /** Each a sentence with the value found and the one expected. */
  readonly contradictions: readonly string[];
}

/**
 * Holds a section of a key file against a dump: at the addresses that it has, then where KASLR may have moved its kernel.
 *
 * No memory is searched: `found` has the roots that a search has led to, where there was one.
 */
export function tryGroup(dump: Dump, group: KeyFileGroup, found?: readonly KernelRoot[]): ProfileTrial {
  const { info, issues } = safeParseKernelInfo(group);
  const wrong = issues.filter(({ severity }) => severity === 'error');
  if (wrong.length > 0)
    return { contradictions: wrong.map(({ line, message }) => `line ${line}: ${message}`) };
  const own = found === undefined ? findProfileRoot(info) : undefined;
  const trials = new TrialLog();
  if (own !== undefined && trials.add(tryProfile(dump, info, own))) return trials.result;
  for (const root of found ?? findDumpRoots(dump, info)) {
    const slid = slideProfile(info, dump.memory, root);
    if (slid === undefined ? trials.add(tryProfile(dump, info, root)) : addSlid(trials, dump, slid, root))
      break;
  }
  return trials.isEmpty ? { contradictions: [noRoot(info)] } : trials.result;
}

/** Through the kernel's own page tables first, which are the same in every dump of a guest; then those of a process. */
function addSlid(trials: TrialLog, dump: Dump, { info, slide }: SlidProfile, by: KernelRoot): boolean {
  const own = findProfileRoot(info);
  const roots = own === undefined ? [by] : [{ ...own, evidence: `${own.evidence}, by ${by.evidence}` }, by];
  return roots.some((root) => trials.add(withSlide(tryProfile(dump, info, root), slide), true));
}

/** Holds values against a dump, at the addresses that they have. */
export function tryProfile(dump: Dump, info: KernelInfo, root: KernelRoot): ProfileTrial {
  const tables = new AddressSpace(root.form, dump.memory, root.root, linuxNonPresent(findSwapTypes(info)));
  const memory = new LinearMapMemory(tables, dump.memory, info);
  const kernel = withAnchor({ memory, info }, dump.memory);
  const { contradictions, findings } = checkProfileFit(kernel);
  if (contradictions.length === 0) return { fitting: { kernel, tables, root, findings }, contradictions: [] };
  return { contradictions: contradictions.map((said) => `${said} (page tables: ${root.evidence})`) };
}

/** Keeps the trial that says most: one that fits, else the first that found pid 0, else the first. */
class TrialLog {
  private best: { readonly trial: ProfileTrial; readonly reached: boolean } | undefined;

  /** Whether the search is at its end. */
  add(trial: ProfileTrial, reached = false): boolean {
    const fits = trial.fitting !== undefined;
    if (this.best === undefined || fits || (reached && !this.best.reached)) this.best = { trial, reached };
    return fits;
  }

  get isEmpty(): boolean {
    return this.best === undefined;
  }

  get result(): ProfileTrial {
    return this.best?.trial ?? { contradictions: [] };
  }
}

function withSlide({ fitting, contradictions }: ProfileTrial, slide: bigint): ProfileTrial {
  if (fitting === undefined || slide === 0n) return { ...(fitting && { fitting }), contradictions };
  const value = slide < 0n ? `-${formatAddress(-slide)}` : formatAddress(slide);
  const evidence =
    'pid 0 is that far from task.init_addr of the section; its other addresses are moved as far';
  return {
    fitting: { ...fitting, findings: [{ what: 'slide', value, evidence }, ...fitting.findings] },
    isSlid: true,
    contradictions,
  };
}

/** A dump that lacks `init_task` itself may still hold the tasks around it. */
function withAnchor(kernel: Kernel, memory: PhysicalMemory): Kernel {
  if (kernel.info['task.init_addr'] === undefined) return kernel;
  const at = findInitTask(kernel).address;
  const missing = kernel.memory.page(at) === undefined && HOLE_CODES.has(kernel.memory.fault(at).code);
  return missing ? { ...kernel, anchor: findAnchor(kernel, memory) } : kernel;
}

function noRoot(info: KernelInfo): string {
  const lacks =
    info['kernel.swapper_pg_dir_addr'] === undefined ? 'the section has no kernel.swapper_pg_dir_addr' : '';
  return ['no page-table root: the dump has no CPU registers', lacks].filter(Boolean).join(', and ');
}
