import { checkGroupLines, isWritableGroupName } from './group-text';

/**
 * Prints a group for `kernelinfo.conf`: its header and its lines, each with a line feed.
 *
 * @throws OsiError `KEY_FILE_GROUP_NAME` when GLib cannot hold the name; `KEY_FILE_LINE_UNWRITABLE` when a line is
 * neither `key = value` nor a comment.
 *
 * @example
 * ```ts
 * formatSection('my_kernel_info', ['task.size = 1060']) // => '[my_kernel_info]\ntask.size = 1060\n'
 * formatSection('a]b', []) // throws KEY_FILE_GROUP_NAME
 * ```
 */
export function formatSection(group: string, lines: readonly string[]): string {
  checkGroupLines(group, lines);
  return [`[${group}]`, ...lines, ''].join('\n');
}

/**
 * Whether GLib can hold a group of this name.
 *
 * @example
 * ```ts
 * isGroupName('ubuntu:4.4.0-98-generic:32') // => true
 * isGroupName('') // => false
 * ```
 */
export function isGroupName(name: string): boolean {
  return isWritableGroupName(name);
}
