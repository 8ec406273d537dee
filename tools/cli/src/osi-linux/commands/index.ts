// The commands that no listing needs, for one `import()`: the build makes one file of it, and each further
// file costs a start.

export { storeSection } from '../../kconf-import/import-log';
export { processInput, readInput } from '../../kconf-import/input';
export { readWholeFile } from '../../kconf-import/input-file';
export { printIssue, printText } from '../../kconf-import/report';
export { sectionOfLines } from '../../kconf-import/section';
export * from './diff';
export * from './export';
export * from './identify';
export * from './kconf-check';
export * from './kconf-diff';
export * from './kconf-list';
export * from './kconf-show';
export * from './normalize';
export * from './read';
export * from './test';
export * from './top';
export * from './translate';
export * from './watch';
