import { type Answer, createListing, type Listing, type Subject, type VirtualAddress } from '@osi-linux/core';
import type { OsiCalls, OsiProvider } from '../osi-provider';
import type { OsiModule, OsiProc, OsiProcHandle } from '../osi-types';
import { findFileMapping, findMappingAt, keepMappings, notFound } from './mapping-search';

/** Every call, none optional. */
export type CompleteCalls = Required<OsiCalls>;

type Derived = { [Name in keyof CompleteCalls]?: readonly [keyof CompleteCalls, CompleteCalls[Name]] };

/**
 * A provider's calls with those that follow from others. A derived answer is read through the provider's own
 * call, so that a derived answer never mixes two providers.
 */
export class CompleteProvider {
  /** The provider itself. */
  readonly provider: OsiProvider;
  private readonly derived: Derived;

  constructor(provider: OsiProvider) {
    this.provider = provider;
    this.derived = { ...this.ofProcesses(), ...this.ofMappings(), ...this.ofNames() };
  }

  /**
   * One call, the provider's own before a derived one; `undefined` if it can neither answer nor derive it.
   */
  find<Name extends keyof CompleteCalls>(name: Name): CompleteCalls[Name] | undefined {
    const own = this.provider[name] as CompleteCalls[Name] | undefined;
    if (own !== undefined) return own.bind(this.provider) as CompleteCalls[Name];
    const [needed, derived] = this.derived[name] ?? [];
    return needed !== undefined && this.has(needed) ? derived : undefined;
  }

  private has(name: keyof CompleteCalls): boolean {
    return this.find(name) !== undefined;
  }

  /** A call that is known to be there, as {@link find} has looked for the calls that it needs. */
  private need<Name extends keyof CompleteCalls>(name: Name): CompleteCalls[Name] {
    return this.find(name) as CompleteCalls[Name];
  }

  private ofProcesses(): Derived {
    const handles = (): Listing<OsiProcHandle> => {
      const processes = this.need('getProcesses')();
      return createListing(processes.map(handleOf), processes.skipped);
    };
    const byHandle = (handle: OsiProcHandle) => findProcess(this.need('getProcesses')(), handle);
    return {
      getProcessHandles: ['getProcesses', handles],
      getCurrentProcessHandle: ['getCurrentProcess', (cpu) => handleOf(this.need('getCurrentProcess')(cpu))],
      getProcess: ['getProcesses', byHandle],
      getProcessPid: ['getProcess', (handle) => this.need('getProcess')(handle)?.pid ?? undefined],
      getProcessPpid: ['getProcess', (handle) => this.need('getProcess')(handle)?.ppid ?? undefined],
    };
  }

  private ofMappings(): Derived {
    const all = (handle: OsiProcHandle) => this.need('getMappings')(handle);
    return {
      getFileMappings: ['getMappings', (handle) => keepMappings(all(handle), 'file')],
      getHeapMappings: ['getMappings', (handle) => keepMappings(all(handle), 'heap')],
      getStackMappings: ['getMappings', (handle) => keepMappings(all(handle), 'stack')],
      getUnknownMappings: ['getMappings', (handle) => keepMappings(all(handle), 'unknown')],
      getMappingByAddr: ['getMappings', (handle, address) => findMappingAt(all(handle), address)],
    };
  }

  private ofNames(): Derived {
    const all = (handle: OsiProcHandle): Listing<OsiModule> => this.need('getMappings')(handle);
    const baseByName = (handle: OsiProcHandle, name: string): VirtualAddress | undefined =>
      findFileMapping(all(handle), (found) => found === name, `called ${name}`)?.base;
    const hasPrefix = (handle: OsiProcHandle, prefix: string): boolean =>
      findFileMapping(all(handle), (found) => found.startsWith(prefix), `that begins with ${prefix}`) !==
      undefined;
    return {
      getMappingBaseAddressByName: ['getMappings', baseByName],
      hasMappingPrefix: ['getMappings', hasPrefix],
    };
  }
}

function handleOf({ taskd, asid, createTime }: OsiProc): OsiProcHandle {
  return { taskd, asid, createTime };
}

/** The process at the handle's address, if it is the one that the handle was made of. */
function findProcess(processes: Listing<OsiProc>, handle: OsiProcHandle): Answer<OsiProc> | undefined {
  const found = processes.find(({ taskd }) => taskd === handle.taskd);
  if (found === undefined) return notFound(processes, () => `process 0x${handle.taskd.toString(16)}`);
  if (!isSame(handle.createTime, found.createTime)) return undefined;
  return { ...found, skipped: processes.skipped.filter(({ subject }) => isAbout(subject, found)) };
}

/** A process whose id could not be read is named by its descriptor. */
function isAbout({ pid, address }: Subject, found: OsiProc): boolean {
  return pid === undefined ? address === found.taskd : pid === found.pid;
}

/** A start that is not known contradicts none. */
function isSame(kept: bigint | null | undefined, found: bigint | null): boolean {
  return kept === null || kept === undefined || found === null || kept === found;
}
