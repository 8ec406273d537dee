export * from './code-of';
export * from './processor-time';
export * from './property-runs';
