export * from './address';
export * from './guest-address';
export * from './x86-kernel-image';
