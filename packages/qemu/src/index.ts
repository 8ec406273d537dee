export * from './byte-channel';
export type { Clock } from './clock';
export * from './gdb-client';
export * from './gdb-packet';
export * from './live-guest';
export * from './live-memory';
export * from './memory-map';
export * from './qmp-client';
export { type GdbRegister, parseTargetDescription } from './target-description';
