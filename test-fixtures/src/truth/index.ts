export * from './compare-current';
export * from './compare-processes';
export * from './compare-threads';
export * from './guest-truth';
export type { Row } from './internal/difference';
export * from './proc-files';
export * from './truth-json';
export * from './truth-records';
