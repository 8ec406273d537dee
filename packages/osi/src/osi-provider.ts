import type { Answer, Listing, OsiError, VirtualAddress } from '@osi-linux/core';
import type {
  OsiExecutionPoint,
  OsiKernelModule,
  OsiModule,
  OsiProc,
  OsiProcHandle,
  OsiProcMem,
  OsiThread,
} from './osi-types';

/**
 * The calls of the OSI API as an operating system answers them, all optional.
 *
 * A listing has a list of the unreadable things beside its rows. A call for one thing gives `undefined` if
 * there is no such thing, and throws an `OsiError` if that could not be decided. `cpu` is the number of a
 * processor, from 0.
 */
export interface OsiCalls {
  /** Every process of the guest. Corresponds to PANDA's `on_get_processes`. */
  getProcesses?(): Listing<OsiProc>;
  /**
   * The handle of every process. Default: out of `getProcesses`. Corresponds to PANDA's
   * `on_get_process_handles`.
   */
  getProcessHandles?(): Listing<OsiProcHandle>;
  /** The process that runs on a processor. Corresponds to PANDA's `on_get_current_process`. */
  getCurrentProcess?(cpu: number): Answer<OsiProc>;
  /**
   * Its handle. Default: out of `getCurrentProcess`. Corresponds to PANDA's `on_get_current_process_handle`.
   */
  getCurrentProcessHandle?(cpu: number): OsiProcHandle;
  /** The process of a handle, if it lives. Default: out of `getProcesses`. Corresponds to PANDA's `on_get_process`. */
  getProcess?(handle: OsiProcHandle): Answer<OsiProc> | undefined;
  /** Its id. Default: out of `getProcess`. Corresponds to PANDA's `on_get_process_pid`. */
  getProcessPid?(handle: OsiProcHandle): number | undefined;
  /** Its parent's id. Default: out of `getProcess`. Corresponds to PANDA's `on_get_process_ppid`. */
  getProcessPpid?(handle: OsiProcHandle): number | undefined;
  /** The heap of a process. Corresponds to PANDA's `on_get_proc_mem`. */
  getProcMem?(handle: OsiProcHandle): OsiProcMem | undefined;
  /** The modules of the kernel. Corresponds to PANDA's `on_get_modules`. */
  getModules?(): Listing<OsiKernelModule>;
  /** The mappings of a process, ascending. Corresponds to PANDA's `on_get_mappings`. */
  getMappings?(handle: OsiProcHandle): Listing<OsiModule>;
  /** Those of files. Default: out of `getMappings`. Corresponds to PANDA's `on_get_file_mappings`. */
  getFileMappings?(handle: OsiProcHandle): Listing<OsiModule>;
  /** Those of the heap. Default: out of `getMappings`. Corresponds to PANDA's `on_get_heap_mappings`. */
  getHeapMappings?(handle: OsiProcHandle): Listing<OsiModule>;
  /** That of the stack. Default: out of `getMappings`. Corresponds to PANDA's `on_get_stack_mappings`. */
  getStackMappings?(handle: OsiProcHandle): Listing<OsiModule>;
  /** All others. Default: out of `getMappings`. Corresponds to PANDA's `on_get_unknown_mappings`. */
  getUnknownMappings?(handle: OsiProcHandle): Listing<OsiModule>;
  /** The mapping around an address. Default: out of `getMappings`. Corresponds to PANDA's `on_get_mapping_by_addr`. */
  getMappingByAddr?(handle: OsiProcHandle, address: VirtualAddress): OsiModule | undefined;
  /**
   * Where the first mapping of a file of this name starts. Default: out of `getMappings`.
   * Corresponds to PANDA's `on_get_mapping_base_address_by_name`.
   */
  getMappingBaseAddressByName?(handle: OsiProcHandle, name: string): VirtualAddress | undefined;
  /**
   * Whether a file is mapped whose name begins so. Default: out of `getMappings`.
   * Corresponds to PANDA's `on_has_mapping_prefix`.
   */
  hasMappingPrefix?(handle: OsiProcHandle, prefix: string): boolean;
  /** The thread that runs on a processor. Corresponds to PANDA's `on_get_current_thread`. */
  getCurrentThread?(cpu: number): OsiThread;
  /** Where a processor executes; `inSharedObject` needs it. */
  getExecutionPoint?(cpu: number): OsiExecutionPoint;
}

/**
 * The calls that an operating system answers. A provider implements the calls that it can; the rest stay
 * away.
 */
export interface OsiProvider extends OsiCalls {
  /** Name of the provider, for messages: `osi_linux`. */
  readonly name: string;
  /**
   * Why nothing can be answered yet, as of a guest that is still booting; `undefined` once it can. Asked before each
   * call, so that a provider becomes ready by itself. Without it a provider always is.
   */
  whyNotReady?(): OsiError | undefined;
  /** The guest ran on: drops the cached state of the stop before. */
  refresh?(): void;
}
