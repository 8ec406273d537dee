import { CallLog } from './call-log';
import { checkFiles } from './check-files';
import { checkMappings } from './check-mappings';
import { checkMemory, type WritableGuest } from './check-memory';
import { checkListings, checkProcess, hasEnded } from './check-processes';
import { checkProcessor, readProcessorTruths } from './check-processors';
import { type ProcessTruth, readProcessTruths } from './process-truth';
import type { StoppedGuest } from './stopped-guest';

/** Every call that is held against the truth: those of the OSI API, and those of Linux's own that PANDA has. */
export const CHECKED_CALLS = {
  osi: [
    ...['getProcesses', 'getProcessHandles', 'getCurrentProcess', 'getCurrentProcessHandle', 'getProcess'],
    ...['getProcessPid', 'getProcessPpid', 'getProcMem', 'getModules', 'getMappings', 'getFileMappings'],
    ...['getHeapMappings', 'getStackMappings', 'getUnknownMappings', 'getMappingByAddr'],
    ...[
      'getMappingBaseAddressByName',
      'hasMappingPrefix',
      'getCurrentThread',
      'getExecutionPoint',
      'inSharedObject',
    ],
  ],
  linux: [
    ...['fdToFilename', 'fdToPos', 'extGetFileStructPtr', 'extGetFileDentry'],
    ...['virtToPhys', 'virtualMemoryRead', 'virtualMemoryWrite'],
  ],
} as const;

/** Further options of a check. */
export interface CheckOptions {
  /** The processes that are asked about; every one where it is absent. */
  readonly pids?: readonly number[];
  readonly writable?: WritableGuest | undefined;
}

/** Asks a guest everything, for each process and each processor, and compares the answers with its own. */
export function checkOsiCalls(guest: StoppedGuest, { pids, writable }: CheckOptions = {}): CallLog {
  const log = new CallLog();
  const all = readProcessTruths(guest);
  checkListings(guest, all, log);
  const asked = (process: ProcessTruth) =>
    (pids === undefined || pids.includes(process.pid)) && !hasEnded(guest, process);
  const processes = all.filter(asked);
  for (const process of processes) {
    checkProcess(guest, process, log);
    checkMappings(guest, process, log);
    checkFiles(guest, process, log);
    checkMemory(guest, process, log, writable);
  }
  for (const processor of readProcessorTruths(guest))
    checkProcessor(guest, processor, { all, asked: processes }, log);
  return log;
}
