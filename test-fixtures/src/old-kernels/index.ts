export * from './old-kernels';
