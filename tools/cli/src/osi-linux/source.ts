import { OsiError } from '@osi-linux/core';
import type { Guest } from '@osi-linux/guest';
import { openDumpFile, openGuestFile } from '@osi-linux/guest/node';
import type { Settings } from '../settings/settings';

const LATER: readonly (readonly [RegExp, string, string])[] = [
  [/^qmp:/, 'a live QEMU guest', 'dump it (QMP dump-guest-memory) and name the file'],
  [/^gdb:/, 'a live guest behind a gdb stub', 'dump it (QMP dump-guest-memory) and name the file'],
  [/^https?:/, 'a dump behind an address', 'download it and name the file'],
];

/** Opens what SOURCE names, with its profile. @throws OsiError why it cannot be opened. */
export function openSource(source: string, { kconfFile, kconfGroup, kconfPlaces }: Settings): Guest {
  refuseUnsupported(source);
  return openGuestFile(source, {
    kconfFile: kconfFile.value,
    kconfGroup: kconfGroup.value,
    places: kconfPlaces,
  });
}

/** Opens what SOURCE names without looking for a kernel in it. @throws OsiError why it cannot be opened. */
export function openSourceDump(source: string): Guest['dump'] {
  refuseUnsupported(source);
  return openDumpFile(source);
}

function refuseUnsupported(source: string): void {
  const found = LATER.find(([form]) => form.test(source));
  if (found === undefined) return;
  throw new OsiError('SOURCE_UNSUPPORTED', `${source}: ${found[1]} cannot be read yet`, {
    hint: found[2],
    fields: { source },
  });
}
