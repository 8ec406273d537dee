export * from './address';
export * from './x86-kernel-image';
