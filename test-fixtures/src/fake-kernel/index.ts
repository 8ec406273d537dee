export * from './fake-file-tree';
export * from './fake-kernel';
export * from './fake-maple-tree';
export * from './fake-virtual-memory';
