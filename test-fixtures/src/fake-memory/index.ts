export * from './fake-physical-memory';
export * from './page-table-builder';
