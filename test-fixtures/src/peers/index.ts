export * from './makedumpfile';
export * from './peer-readers';
export * from './peer-root';
export * from './qemu-core';
export * from './sparse-core';
