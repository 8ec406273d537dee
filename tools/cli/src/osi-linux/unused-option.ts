import { OsiError } from '@osi-linux/core';
import type { Settings } from '../settings/settings';

/** Codes of errors about an option that the source which was given has no use for. */
const UNUSED: ReadonlySet<string> = new Set(['OPTION_UNUSED', 'DUMP_PART_UNEXPECTED', 'DUMP_SPLIT_UNUSED']);

/** Whether an error is about an option without a use: wrong usage of the command, not bad data. */
export function isUnusedOption({ code, fields }: OsiError): boolean {
  return UNUSED.has(code) || (code === 'LIVE_SOURCE_INVALID' && fields['gdb'] !== undefined);
}

/** @throws OsiError `OPTION_UNUSED` for an option that only the other kind of source has a use for. */
export function refuseUnused(source: string, settings: Settings, kind: 'dump' | 'live guest'): void {
  const { belowFourGiB, parts, live } = settings;
  const given = {
    'live guest': [belowFourGiB !== undefined && '--below-4g', parts.length > 0 && '--part'],
    dump: [!live.stop && '--no-stop'],
  }[kind].filter((option) => option !== false);
  if (given.length === 0) return;
  const options = given.join(', ');
  throw new OsiError('OPTION_UNUSED', `${options}: not an option for ${source}, which is a ${kind}`, {
    hint: `leave out ${options}`,
    fields: { source, options: given },
  });
}

/**
 * Asks two sources with the same options: one that only one of them has a use for is left out for the other.
 *
 * @throws OsiError what is wrong with an option that neither has a use for, or with a source.
 */
export function askingTwo(
  settings: Settings,
): <Answer>(ask: (settings: Settings) => Promise<Answer>) => Promise<Answer> {
  const plain = { ...settings, belowFourGiB: undefined, parts: [], live: { gdb: undefined, stop: true } };
  let refused = 0;
  return async (ask) => {
    try {
      return await ask(settings);
    } catch (error) {
      if (!OsiError.is(error) || !isUnusedOption(error)) throw error;
      refused += 1;
      if (refused === 2) throw error;
      return await ask(plain);
    }
  };
}
