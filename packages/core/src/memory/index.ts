export * from './architecture';
export * from './cpu';
export * from './physical-memory';
export * from './read';
export * from './virtual-memory';
export * from './x86-registers';
