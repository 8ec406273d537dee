import type * as childProcess from 'node:child_process';

/**
 * The functions of `node:child_process` that the commands use, which is loaded when it is called: that costs
 * as much as reading a profile, and only live guests need it.
 */
export const spawn = ((...given: Parameters<typeof childProcess.spawn>) =>
  process.getBuiltinModule('node:child_process').spawn(...given)) as typeof childProcess.spawn;
