export * from './core-segments';
export * from './elf-core';
