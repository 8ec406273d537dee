export * from './boot-image';
export * from './btf';
export * from './btf-location';
export * from './derive-kernel-info';
export * from './elf-image';
export * from './elf-symbols';
export { type FoundInitTask, findInitTaskByShape } from './init-task-shape';
export * from './isf';
export { Kallsyms, type KallsymsSource, readKallsyms } from './kallsyms';
export * from './kernel-banner';
export {
  eachKernelLocation,
  type KernelLocation,
  type KernelSource,
  locateThrough,
} from './kernel-location';
export { findNamedRoots, type KernelMeans, type RootCandidate } from './kernel-root';
export { type LocatedKernel, locateKernel, locateKernels } from './located-kernel';
export { findVmcoreinfo, findVmcoreinfos, MemorySurvey, type SurveyedTexts } from './memory-survey';
export * from './module-symbols';
export * from './ram-scan';
export * from './split-btf';
export * from './symbol-table';
export * from './system-map';
export * from './type-source';
export { type FoundVmcoreinfo, parseVmcoreinfo, readVmcoreinfoNote, type Vmcoreinfo } from './vmcoreinfo';
