export * from './makedumpfile';
export * from './newer-qemu';
export * from './peer-readers';
export * from './peer-root';
export * from './qemu-core';
export * from './sparse-core';
