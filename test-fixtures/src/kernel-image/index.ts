export * from './fake-kernel-image';
export * from './kallsyms-tables';
export * from './vmcoreinfo-note';
