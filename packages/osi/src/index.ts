export { classifyMapping, type MappingClass } from './mapping-class';
export { Osi } from './osi';
export type { OsiEvent, OsiEvents, OsiListener, OsiRunningTask, OsiTaskChange } from './osi-events';
export type { OsiCalls, OsiProvider } from './osi-provider';
export type {
  OsiExecutionPoint,
  OsiKernelModule,
  OsiModule,
  OsiProc,
  OsiProcHandle,
  OsiProcMem,
  OsiThread,
} from './osi-types';
export { isProcHandle, pidOf, processArgumentInvalid, requireProcHandle } from './process-argument';
export { ProcessChanges, type ProcessMoment } from './process-changes';
