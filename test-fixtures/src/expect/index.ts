export * from './code-of';
export * from './processor-time';
