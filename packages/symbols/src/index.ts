export * from './derive/derivation-sources';
export * from './derive/derive-kernel-info';
export * from './kernel-file/boot-image';
export * from './kernel-file/elf-image';
export * from './kernel-file/elf-symbols';
export * from './kernel-file/file-bytes';
export { type FoundInitTask, findInitTaskByShape } from './locate/init-task-shape';
export * from './locate/kernel-banner';
export type { DiscoveryMethod, KernelSource } from './locate/kernel-source';
export { type LocatedKernel, locateKernel, locateKernels } from './locate/located-kernel';
export {
  type FoundVmcoreinfo,
  parseVmcoreinfo,
  readVmcoreinfoNote,
  type Vmcoreinfo,
} from './locate/vmcoreinfo';
export { eachKernelLocation, locateThrough } from './locate/x86/kernel-location';
export { findNamedRoots } from './locate/x86/kernel-root';
export type { KernelEntry, KernelLocation, LocationEvidence } from './locate/x86/location';
export type { KernelRoot } from './locate/x86/root';
export { memoryBetween } from './survey/memory-between';
export { findVmcoreinfo, findVmcoreinfos, MemorySurvey, type SurveyedTexts } from './survey/memory-survey';
export * from './survey/ram-scan';
export { Kallsyms, type KallsymsSource, readKallsyms } from './tables/kallsyms';
export * from './tables/module-symbols';
export * from './tables/symbol-table';
export * from './tables/system-map';
export * from './types/btf';
export * from './types/btf-location';
export * from './types/isf';
export * from './types/split-btf';
export * from './types/type-source';
