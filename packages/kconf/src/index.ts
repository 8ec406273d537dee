export * from './issue';
export * from './kernel-info';
export * from './kernel-log';
export * from './key-file';
export * from './key-file-edit';
export * from './schema';
export * from './section';
