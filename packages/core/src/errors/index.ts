export * from './attempt';
export * from './error-chain';
export * from './nearest-names';
export * from './osi-error';
export * from './skipped';
