export * from './fake-physical-memory';
export * from './page-layout';
export * from './page-table-builder';
export * from './without-notes';
