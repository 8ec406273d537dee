import { OsiError } from '@osi-linux/core';
import {
  findGroup,
  type KconfIssue,
  type KeyFileGroup,
  type KeyFileResult,
  nearestGroupNames,
  safeParseKeyFile,
} from '@osi-linux/kconf';
import { readWholeFile } from '../../kconf-import/input-file';

/** A key file as it was read, with its path for messages. */
export interface OpenKeyFile extends KeyFileResult {
  readonly path: string;
  /** The findings for which GLib, and so PANDA, rejects the whole file. */
  readonly rejections: readonly KconfIssue[];
}

/** Reads a key file as far as it can be read. @throws OsiError `FILE_UNREADABLE`, `INPUT_TOO_LARGE`. */
export function openKeyFile(path: string): OpenKeyFile {
  const result = safeParseKeyFile(readWholeFile(path));
  return { path, ...result, rejections: result.issues.filter(({ severity }) => severity === 'error') };
}

/** The group of a name. @throws OsiError `KEY_FILE_GROUP_UNKNOWN` with the nearest names. */
export function groupOf(keyFile: OpenKeyFile, name: string): KeyFileGroup {
  const group = findGroup(keyFile.file, name);
  if (group !== undefined) return group;
  const names = nearestGroupNames(keyFile.file, name);
  const list = names.length === 0 ? 'the file has no groups' : names.map((each) => `[${each}]`).join(' ');
  throw new OsiError('KEY_FILE_GROUP_UNKNOWN', `${keyFile.path} has no group [${name}]`, {
    hint: `groups of the file, nearest name first: ${list}`,
    fields: { path: keyFile.path, group: name, groups: names },
  });
}

/** The group of a name, or all of them. @throws OsiError `KEY_FILE_GROUP_UNKNOWN`. */
export function groupsOf(keyFile: OpenKeyFile, name: string | undefined): readonly KeyFileGroup[] {
  return name === undefined ? keyFile.file.groups : [groupOf(keyFile, name)];
}
