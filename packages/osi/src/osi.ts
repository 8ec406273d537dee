import { type Answer, createListing, type Listing, OsiError, type VirtualAddress } from '@osi-linux/core';
import { type CompleteCalls, CompleteProvider } from './internal/complete-provider';
import { Subscriptions } from './internal/subscriptions';
import type { OsiEvents, OsiListener } from './osi-events';
import type { OsiProvider } from './osi-provider';
import type {
  OsiExecutionPoint,
  OsiKernelModule,
  OsiModule,
  OsiProc,
  OsiProcHandle,
  OsiProcMem,
  OsiThread,
} from './osi-types';
import { requireProcHandle } from './process-argument';

/** The values that mean no process, as PANDA's NULL. */
type Absent = null | undefined;

/**
 * The OSI API: the processes, threads and modules of a guest with any operating system.
 *
 * Knows no operating system itself: each call goes to the provider that was registered last and can answer it, as
 * PANDA's last writer wins. The type parameters are the rows of the provider, which may have more fields than PANDA's. Every call throws an `OsiError`: `OSI_CALL_NOT_PROVIDED` where no provider answers it,
 * `GUEST_NOT_READY` if the provider cannot yet, `PROCESS_ARGUMENT_INVALID` for an argument that is not a process (a pid is
 * not), and every error that the provider throws. An absent thing is
 * `undefined`, `false` or an empty listing, never an error; an absent process has nothing.
 *
 * @example
 * ```ts
 * const osi = new Osi();
 * osi.getProcesses() // throws OSI_CALL_NOT_PROVIDED
 * const unregister = osi.register({ name: 'two_threads', getCurrentThread: (cpu) => ({ pid: 7, tid: 7 + cpu }) });
 * osi.getCurrentThread(1) // => { pid: 7, tid: 8 }
 * unregister();
 * osi.getCurrentThread(1) // throws OSI_CALL_NOT_PROVIDED
 * ```
 */
export class Osi<Process extends OsiProc = OsiProc, Mapping extends OsiModule = OsiModule> {
  private readonly providers: CompleteProvider[] = [];
  private readonly subscriptions = new Subscriptions();

  /**
   * Adds a provider, whose calls take precedence over those of the ones before it; the returned function
   * removes it.
   */
  register(provider: OsiProvider): () => void {
    const complete = new CompleteProvider(provider);
    this.providers.unshift(complete);
    return () => {
      const index = this.providers.indexOf(complete);
      if (index >= 0) this.providers.splice(index, 1);
    };
  }

  /** Whether every provider can answer, and there is one. Corresponds to PANDA's `osi_guest_is_ready`. */
  isReady(): boolean {
    return this.whyNotReady() === undefined;
  }

  /** Why {@link isReady} returns false, an error `GUEST_NOT_READY`; `undefined` if it returns true. */
  whyNotReady(): OsiError | undefined {
    if (this.providers.length > 0) return firstDefined(this.providers, notReady);
    return new OsiError('GUEST_NOT_READY', 'no provider is registered', {
      hint: 'register one first: osi.register(...)',
    });
  }

  /**
   * The guest ran on: every provider drops its cached state of the stop before. Nothing is cached here.
   *
   * Rows and handles that were given out stay as they are.
   */
  refresh(): void {
    for (const { provider } of this.providers) provider.refresh?.();
  }

  /**
   * Every process of the guest, with the list of unreadable things beside the rows. Corresponds to PANDA's
   * `get_processes`.
   */
  getProcesses(): Listing<Process> {
    return this.call('getProcesses')() as Listing<Process>;
  }

  /** The handle of every process of the guest. Corresponds to PANDA's `get_process_handles`. */
  getProcessHandles(): Listing<OsiProcHandle> {
    return this.call('getProcessHandles')();
  }

  /** The process that runs on a processor. Corresponds to PANDA's `get_current_process`. */
  getCurrentProcess(cpu = 0): Answer<Process> {
    return this.call('getCurrentProcess')(cpu) as Answer<Process>;
  }

  /**
   * The handle of the process that runs on a processor. Corresponds to PANDA's `get_current_process_handle`.
   */
  getCurrentProcessHandle(cpu = 0): OsiProcHandle {
    return this.call('getCurrentProcessHandle')(cpu);
  }

  /**
   * The process that a handle names; `undefined` once it is gone, also where another one has taken its place.
   *
   * Corresponds to PANDA's `get_process`, which reads the memory that is there by then.
   */
  getProcess(handle: OsiProcHandle | Absent): Answer<Process> | undefined {
    return this.isGiven('getProcess', handle)
      ? (this.call('getProcess')(handle) as Answer<Process> | undefined)
      : undefined;
  }

  /** The id of a process; `undefined` once it is gone, PANDA's -1. Corresponds to PANDA's `get_process_pid`. */
  getProcessPid(handle: OsiProcHandle | Absent): number | undefined {
    return this.isGiven('getProcessPid', handle) ? this.call('getProcessPid')(handle) : undefined;
  }

  /** The id of its parent; `undefined` once it is gone, PANDA's -1. Corresponds to PANDA's `get_process_ppid`. */
  getProcessPpid(handle: OsiProcHandle | Absent): number | undefined {
    return this.isGiven('getProcessPpid', handle) ? this.call('getProcessPpid')(handle) : undefined;
  }

  /** The heap of a process; `undefined` for one without user memory. Corresponds to PANDA's `get_proc_mem`. */
  getProcMem(handle: OsiProcHandle | Absent): OsiProcMem | undefined {
    return this.isGiven('getProcMem', handle) ? this.call('getProcMem')(handle) : undefined;
  }

  /** The modules of the kernel. Corresponds to PANDA's `get_modules`, which is NULL on Linux. */
  getModules(): Listing<OsiKernelModule> {
    return this.call('getModules')();
  }

  /** The mappings of a process, ascending; none for one without user memory. Corresponds to `get_mappings`. */
  getMappings(handle: OsiProcHandle | Absent): Listing<Mapping> {
    return this.isGiven('getMappings', handle)
      ? (this.call('getMappings')(handle) as Listing<Mapping>)
      : nothing();
  }

  /** The mappings of files. Corresponds to PANDA's `get_file_mappings`. */
  getFileMappings(handle: OsiProcHandle | Absent): Listing<Mapping> {
    return this.isGiven('getFileMappings', handle)
      ? (this.call('getFileMappings')(handle) as Listing<Mapping>)
      : nothing();
  }

  /** The mappings of the heap. Corresponds to PANDA's `get_heap_mappings`. */
  getHeapMappings(handle: OsiProcHandle | Absent): Listing<Mapping> {
    return this.isGiven('getHeapMappings', handle)
      ? (this.call('getHeapMappings')(handle) as Listing<Mapping>)
      : nothing();
  }

  /** The mapping of the main thread's stack. Corresponds to PANDA's `get_stack_mappings`. */
  getStackMappings(handle: OsiProcHandle | Absent): Listing<Mapping> {
    return this.isGiven('getStackMappings', handle)
      ? (this.call('getStackMappings')(handle) as Listing<Mapping>)
      : nothing();
  }

  /**
   * The mappings that are not a file, the heap or the stack. Corresponds to PANDA's `get_unknown_mappings`.
   */
  getUnknownMappings(handle: OsiProcHandle | Absent): Listing<Mapping> {
    return this.isGiven('getUnknownMappings', handle)
      ? (this.call('getUnknownMappings')(handle) as Listing<Mapping>)
      : nothing();
  }

  /**
   * The mapping with `base <= address < base + size`; `undefined` for none. Corresponds to PANDA's
   * `get_mapping_by_addr`.
   *
   * @throws OsiError `OSI_ANSWER_UNDECIDED` where none was found, but not all could be read.
   */
  getMappingByAddr(handle: OsiProcHandle | Absent, address: VirtualAddress): Mapping | undefined {
    return this.isGiven('getMappingByAddr', handle)
      ? (this.call('getMappingByAddr')(handle, address) as Mapping | undefined)
      : undefined;
  }

  /**
   * The base of the first mapping of a file with this name, which is its last component; `undefined` for none, PANDA's 0.
   *
   * Corresponds to PANDA's `get_mapping_base_address_by_name`.
   *
   * @throws OsiError `OSI_ANSWER_UNDECIDED` where none was found, but not all could be read.
   */
  getMappingBaseAddressByName(handle: OsiProcHandle | Absent, name: string): VirtualAddress | undefined {
    return this.isGiven('getMappingBaseAddressByName', handle)
      ? this.call('getMappingBaseAddressByName')(handle, name)
      : undefined;
  }

  /**
   * Whether a file is mapped whose name, its last component, begins so. Corresponds to PANDA's `has_mapping_prefix`.
   *
   * @throws OsiError `OSI_ANSWER_UNDECIDED` where none was found, but not all could be read.
   */
  hasMappingPrefix(handle: OsiProcHandle | Absent, prefix: string): boolean {
    return this.isGiven('hasMappingPrefix', handle) ? this.call('hasMappingPrefix')(handle, prefix) : false;
  }

  /** The thread that runs on a processor. Corresponds to PANDA's `get_current_thread`. */
  getCurrentThread(cpu = 0): OsiThread {
    return this.call('getCurrentThread')(cpu);
  }

  /** Where a processor executes. PANDA's plugins ask the emulator: `panda_current_pc` and `panda_in_kernel`. */
  getExecutionPoint(cpu = 0): OsiExecutionPoint {
    return this.call('getExecutionPoint')(cpu);
  }

  /**
   * Whether a processor executes a shared object of a process: user mode, in a mapping with `.so` or `.dll` in its name.
   *
   * Corresponds to PANDA's `in_shared_object`.
   *
   * @throws OsiError `OSI_ANSWER_UNDECIDED` as {@link getMappingByAddr}.
   */
  inSharedObject(handle: OsiProcHandle | Absent, cpu = 0): boolean {
    if (!this.isGiven('inSharedObject', handle)) return false;
    const { pc, mode } = this.getExecutionPoint(cpu);
    if (mode === 'kernel') return false;
    const name = this.getMappingByAddr(handle, pc)?.name ?? '';
    return /\.(so|dll)/i.test(name);
  }

  /**
   * Calls a listener with every event of a kind, in the order of subscription; the returned function
   * unsubscribes it.
   *
   * A listener that throws keeps no other from being called: {@link notify} throws once all were.
   */
  on<Name extends keyof OsiEvents>(name: Name, listener: OsiListener<Name>): () => void {
    return this.subscriptions.add(name, listener);
  }

  /**
   * Calls the listeners of an event; the code that watches a live guest calls it.
   *
   * @throws OsiError `OSI_LISTENER_FAILED` where any of them threw, after all were told.
   */
  notify<Name extends keyof OsiEvents>(name: Name, event: OsiEvents[Name]): void {
    this.subscriptions.notify(name, event);
  }

  /** Calls a listener when a processor has changed its task. Corresponds to PANDA's `on_task_change`. */
  onTaskChange(listener: OsiListener<'task-change'>): () => void {
    return this.on('task-change', listener);
  }

  /** Tells that a processor has changed its task. Corresponds to PANDA's `notify_task_change`. @throws as notify. */
  notifyTaskChange(cpu = 0): void {
    this.notify('task-change', { cpu });
  }

  private isGiven(call: string, handle: OsiProcHandle | Absent): handle is OsiProcHandle {
    requireProcHandle(call, handle);
    return handle !== null && handle !== undefined;
  }

  private call<Name extends keyof CompleteCalls>(name: Name): CompleteCalls[Name] {
    for (const complete of this.providers) {
      const call = complete.find(name);
      if (call === undefined) continue;
      const reason = notReady(complete);
      if (reason !== undefined) throw reason;
      return call;
    }
    throw notProvided(
      name,
      this.providers.map(({ provider }) => provider.name),
    );
  }
}

function nothing(): Listing<never> {
  return createListing([], []);
}

function notReady({ provider }: CompleteProvider): OsiError | undefined {
  const reason = provider.whyNotReady?.();
  if (reason === undefined) return undefined;
  return new OsiError('GUEST_NOT_READY', `${provider.name} cannot answer yet: ${reason.message}`, {
    hint: reason.hint ?? 'let the guest run, then call again',
    cause: reason,
    fields: { provider: provider.name },
  });
}

function notProvided(call: string, names: readonly string[]): OsiError {
  return new OsiError('OSI_CALL_NOT_PROVIDED', `no provider answers ${call}`, {
    hint:
      names.length === 0
        ? 'register a provider first: osi.register(...)'
        : `registered providers, which do not: ${names.join(', ')}`,
    fields: { call, providers: names },
  });
}

function firstDefined<Item, Value>(
  items: readonly Item[],
  read: (item: Item) => Value | undefined,
): Value | undefined {
  for (const item of items) {
    const value = read(item);
    if (value !== undefined) return value;
  }
  return undefined;
}
