export * from './attempt';
export * from './error-chain';
export * from './finding';
export * from './nearest-names';
export * from './osi-error';
export * from './skipped';
export * from './subject';
export * from './subject-text';
