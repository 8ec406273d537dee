export * from './counting-source';
export * from './dump-fuzz';
export * from './fuzzed-dump';
export * from './mutation';
