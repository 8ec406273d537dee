export * from './file-source';
