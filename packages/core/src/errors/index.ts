export * from './error-chain';
export * from './osi-error';
export * from './skipped';
