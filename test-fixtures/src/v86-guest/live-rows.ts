import { formatAddress, formatSubject } from '@osi-linux/core';
import { type Guest, GuestSampler, openGuest } from '@osi-linux/guest';
import { findKernelInfoBlock, formatSection, safeParseKeyFile } from '@osi-linux/kconf';
import { jsonRow } from '../osi-truth/json-row';
import type { Row } from '../truth/internal/difference';

/** Opens a live guest with the section that its kernel log has, as `kconf-import` makes it. */
export function openLiveGuest(source: Parameters<typeof openGuest>[0], log: string, group: string): Guest {
  const lines = findKernelInfoBlock(log).lines.map(({ text }) => text);
  const { file } = safeParseKeyFile(formatSection(group, lines));
  return openGuest(source, { keyFile: file, kconfGroup: group });
}

/** The code that turns readings of it into events. */
export function samplerOf(guest: Guest): GuestSampler {
  return new GuestSampler(guest);
}

/** The rows of a listing in the form of the command line's JSON, by the command's name. */
export function liveRows({ linux }: Guest, command: string): { rows: Row[]; skipped: string[] } {
  const threads = command.endsWith(' --threads');
  const listings = {
    ps: () => linux.getProcesses(),
    threads: () => linux.getThreads(),
    maps: () => linux.getMappings({ threads }),
    files: () => linux.getFiles({ threads }),
    modules: () => linux.getModules(),
    mounts: () => linux.getMounts(),
    env: () => linux.getEnvironments(),
    sockets: () => linux.getSockets(),
    current: () => linux.getCurrent(),
  };
  const name = command.replace(/ .*/, '') as keyof typeof listings;
  const listing = listings[name]();
  return {
    rows: listing.map(name === 'files' ? fileRow : jsonRow),
    skipped: listing.skipped.map(({ subject }) => formatSubject(subject)),
  };
}

function fileRow(row: object): Row {
  const { pos, flags, ...rest } = row as { pos: bigint | null; flags: number | null };
  return {
    ...rest,
    pos: pos === null ? null : Number(pos),
    flags: flags === null ? null : formatAddress(flags),
  };
}
