import { OsiError } from '@osi-linux/core';
import type { KeyFileGroup } from '@osi-linux/kconf';
import type { ImportedSection } from './section';

const SHOWN = 3;

/** Why a group that is there already is left alone: its place, and its differences from the new one. */
export function groupExists(file: string, there: KeyFileGroup, section: ImportedSection): OsiError {
  const { group: here, source } = section;
  const differing = here === undefined ? [] : differences(there, here, source);
  const shown = differing.slice(0, SHOWN).join(', ');
  const more = differing.length > SHOWN ? ` and in ${differing.length - SHOWN} more keys` : '';
  const compared =
    differing.length === 0 ? `it is the same as in the ${source}` : `it differs in ${shown}${more}`;
  const message = `${file} already has a group [${there.name}], in line ${there.line}: ${compared}`;
  return new OsiError('KEY_FILE_GROUP_EXISTS', message, {
    hint:
      differing.length === 0
        ? 'nothing needs to be done; --replace would write it again'
        : 'use --replace (with --dry-run to see every difference), or another --group',
    fields: { file, group: there.name, line: there.line, differing },
  });
}

/** `task.size (1060 in the file, 1000 in the log)`, in the order of the new one. */
function differences(there: KeyFileGroup, here: KeyFileGroup, source: string): string[] {
  const [old, now] = [valuesOf(there), valuesOf(here)];
  const keys = [...now.keys(), ...[...old.keys()].filter((key) => !now.has(key))];
  return keys
    .filter((key) => old.get(key) !== now.get(key))
    .map(
      (key) =>
        `${key} (${shownValue(old.get(key))} in the file, ${shownValue(now.get(key))} in the ${source})`,
    );
}

function valuesOf({ entries }: KeyFileGroup): Map<string, string> {
  return new Map(entries.map(({ key, value }) => [key, value.trim()]));
}

function shownValue(value: string | undefined): string {
  if (value === undefined) return 'absent';
  return value.length > 60 ? `${value.slice(0, 60)}...` : value;
}
