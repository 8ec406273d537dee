export * from './btf-writer';
