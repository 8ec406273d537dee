export * from './byte-source';
export * from './dump';
export * from './formats';
export * from './page-cache';
