export * from './fake-kernel';
export * from './fake-virtual-memory';
