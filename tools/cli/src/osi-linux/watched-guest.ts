import { OsiError } from '@osi-linux/core';
import { type Guest, openGuest } from '@osi-linux/guest';
import type { LiveGuest } from '@osi-linux/qemu';
import { openLiveGuest } from '@osi-linux/qemu/node';
import type { Settings } from '../settings/settings';
import { findLiveSource } from './live-source';
import { profileSource } from './source';
import { refuseUnused } from './unused-option';

/** A live guest that is asked again and again. */
export interface WatchedGuest {
  readonly guest: Guest;
  readonly live: LiveGuest;
  /** Whether it has a gdb stub, and so breakpoints. */
  readonly hasBreakpoints: boolean;
}

/** Opens the live guest that SOURCE names, which runs on. @throws OsiError `SOURCE_NOT_LIVE`; why it cannot be opened. */
export function openWatched(source: string, settings: Settings): WatchedGuest {
  const options = findLiveSource(source, settings.live);
  if (options === undefined) {
    throw new OsiError('SOURCE_NOT_LIVE', `${source} is not a live guest`, {
      hint: 'give qmp:SOCKET or gdb:HOST:PORT; ps lists the processes of a dump',
      fields: { source },
    });
  }
  refuseUnused(source, settings, 'live guest');
  const live = openLiveGuest(options);
  try {
    const guest = live.whileStopped(() => openGuest(live, profileSource(settings)));
    return { guest, live, hasBreakpoints: options.gdb !== undefined };
  } catch (error) {
    live.close();
    throw error;
  }
}
