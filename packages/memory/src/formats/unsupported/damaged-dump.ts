import { OsiError } from '@osi-linux/core';
import type { ByteSource } from '../../sources/byte-source';

/** The error of a dump with impossible structures: `kind` names the format, to be put after "damaged". */
export function damagedDump(
  source: ByteSource,
  kind: string,
  what: string,
  fields: Readonly<Record<string, unknown>>,
): OsiError {
  return new OsiError('DUMP_MALFORMED', `${source.name} is a damaged ${kind}: ${what}`, {
    hint: 'take or copy the dump again; to read the file as plain memory, name the format raw',
    fields: { source: source.name, ...fields },
  });
}
