import { OsiError } from '@osi-linux/core';
import { classifyLine, isGroupNameBytes } from './key-file-line';

/** Whether GLib can hold a group of this name, and reads it back as written. */
export function isWritableGroupName(name: string): boolean {
  return isGroupNameBytes(new TextEncoder().encode(name)) && !/\p{Surrogate}/u.test(name);
}

/** Refuses a group that GLib would not read back as it was meant. */
export function checkGroupLines(name: string, lines: readonly string[]): void {
  if (!isWritableGroupName(name)) {
    throw new OsiError('KEY_FILE_GROUP_NAME', `not a group name: "${name}"`, {
      hint: 'use at least one character, without brackets and control characters',
      fields: { name },
    });
  }
  lines.forEach((text, index) => {
    if (isWritableLine(text)) return;
    throw new OsiError(
      'KEY_FILE_LINE_UNWRITABLE',
      `line ${index + 1} of [${name}] is neither a key nor a comment: "${text}"`,
      {
        fields: { name, line: index + 1, text },
      },
    );
  });
}

function isWritableLine(text: string): boolean {
  if (/[\n\0]/.test(text) || text.endsWith('\r')) return false;
  const { kind } = classifyLine(new TextEncoder().encode(text));
  return kind === 'entry' || kind === 'comment';
}
