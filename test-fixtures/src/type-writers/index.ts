export * from './boot-image-writer';
export * from './btf-writer';
export * from './elf-writer';
export * from './isf-writer';
