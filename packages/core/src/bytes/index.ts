export * from './hex';
export * from './text';
