import { type AskedSocket, parseAskedSockets } from '../asked-sockets';
import type { GuestTruth } from '../guest-truth';
import { sentencesOf } from '../internal/compare-rows';
import { type CompareOptions, compareTasks } from '../internal/compare-tasks';
import type { Expected, Row } from '../internal/difference';
import { parseNetTable, type TruthSocket } from '../proc/proc-net';
import type { TruthTree } from '../truth-tree';
import { openFds } from './compare-files';

/**
 * Compares the rows of `osi-linux sockets DUMP --json` with the truth; a sentence for each difference.
 *
 * A socket is known by the inode in its descriptor's link. The tables of `/proc/net` list most facts; the
 * sockets themselves were asked for the others (sockets that are not bound, peers of unix sockets).
 *
 * @example
 * ```ts
 * compareSockets({ processes: [], unsettled: [], tasks: [], cpus: [] }, []) // => ['the truth has no sockets']
 * ```
 */
export function compareSockets(
  truth: GuestTruth,
  rows: readonly Row[],
  options: CompareOptions = {},
): string[] {
  const known = knownSockets(truth.tree);
  const listing = {
    name: 'sockets',
    source: 'fd',
    key: ({ fd }: Row) => `fd ${String(fd)}`,
    expect: (tree: TruthTree, folder: string) => expectSockets(tree, folder, known),
  } as const;
  return sentencesOf(compareTasks(truth, rows, listing, options));
}

/** All that the truth knows of sockets. */
export interface KnownSockets {
  /** Those of the tables of all network namespaces that were asked, by inode. */
  readonly listed: ReadonlyMap<number, TruthSocket>;
  /** The answers of the sockets themselves, by the folder of the descriptor and its number. */
  readonly asked: ReadonlyMap<string, AskedSocket>;
}

/** Puts the tables together. */
export function knownSockets(tree: TruthTree | undefined): KnownSockets {
  const bytes = (path: string) => tree?.bytes(path) ?? new Uint8Array();
  const folders = tree?.folders.filter((folder) => folder.endsWith('/net')) ?? [];
  const listed = folders.flatMap((folder) =>
    (tree?.names(folder) ?? []).flatMap((name) => parseNetTable(name, bytes(`${folder}/${name}`))),
  );
  const asked = parseAskedSockets(bytes('/run/sockets'));
  return {
    listed: new Map(listed.map((socket) => [socket.inode, socket])),
    asked: new Map(asked.map((socket) => [`/proc/${socket.pid}/fd/${socket.fd}`, socket])),
  };
}

/** The rows of a task: its descriptors whose links name a socket. */
export function expectSockets(tree: TruthTree, folder: string, known: KnownSockets): Expected[] {
  return openFds(tree, folder).flatMap((fd) => {
    const path = `${folder}/fd/${fd}`;
    const digits = /^socket:\[(\d+)\]$/.exec(tree.link(path) ?? '')?.[1];
    if (digits === undefined) return [];
    const inode = Number(digits);
    return [{ fd, inode, ...expectSocket(known.listed.get(inode), known.asked.get(path)) }];
  });
}

/** Users know the tables; the sockets' own answers complete them. */
function expectSocket(listed: TruthSocket | undefined, asked: AskedSocket | undefined): Expected {
  const told = asked === undefined ? {} : { family: asked.family, type: asked.type };
  if (listed === undefined) return { ...told, ...expectUnlisted(asked) };
  const remote = listed.remote === undefined ? asked?.remote : listed.remote;
  return { ...told, ...defined(listed), remote };
}

/** A socket of TCP or UDP that no table has is neither bound nor connected, or no longer. */
function expectUnlisted(asked: AskedSocket | undefined): Expected {
  if (asked === undefined) return {};
  const inet = asked.family === 'inet' || asked.family === 'inet6';
  return {
    local: asked.local,
    remote: asked.remote,
    state: inet ? 'CLOSE' : asked.family === 'unix' ? undefined : null,
  };
}

function defined(fields: object): Expected {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
