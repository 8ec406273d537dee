export * from './address/index';
export * from './bytes/index';
export * from './errors/index';
export * from './memory/index';
