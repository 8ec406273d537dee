import { OsiError } from '@osi-linux/core';
import type { Finding } from '@osi-linux/memory';
import type { Clock } from '../clock';
import { GdbClient } from '../gdb-client';
import { gdbMemory, gdbState } from '../internal/gdb-memory';
import { isRunning } from '../internal/run-state';
import { LiveGuest, type LiveGuestParts, type StopGuard } from '../live-guest';
import { LiveMemory, type MemoryReader } from '../live-memory';
import { parseMemoryTree, type RamRange } from '../memory-map';
import { QmpClient } from '../qmp-client';
import { MemoryFiles } from './memory-files';
import { ProcessMemory } from './process-memory';
import { SharedRam } from './shared-ram';
import { type HostAddress, openSocketChannel, type SocketTarget } from './socket-channel';
import { type FolderGuard, startStopGuard } from './stop-guard';

/** Where a live guest is reached; one of the two at least. */
export interface LiveGuestOptions {
  /** Path of the socket of QEMU's machine protocol. */
  readonly qmp?: string | undefined;
  /** Host and port of its gdb stub. */
  readonly gdb?: HostAddress | undefined;
  /** How long each answer may take. Default: 10 s. */
  readonly timeoutMs?: number | undefined;
  /** The clock that times the waits for answers. Default: that of the machine. */
  readonly clock?: Clock | undefined;
}

/** Connections that are opened one after the other, and closed together if that fails. */
interface Opening {
  readonly options: LiveGuestOptions;
  readonly closers: (() => void)[];
  readonly timeoutMs: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Opens a guest that runs under QEMU. It runs on at once where it ran before; `close` releases it.
 *
 * With `qmp` memory is read out of the file that QEMU shares it in, or by `pmemsave`; with `gdb` alone packet by packet,
 * and a guest that stood before cannot be distinguished from one that ran: it runs afterwards.
 *
 * @throws OsiError `LIVE_SOURCE_INVALID`, `LIVE_CONNECT_FAILED`, `LIVE_NO_ANSWER`, `LIVE_PROTOCOL`,
 * `LIVE_COMMAND_FAILED`, `LIVE_READ_FAILED`, `LIVE_CONNECTION_LOST`.
 *
 * @example
 * ```ts
 * openLiveGuest({ qmp: '/no/such/socket' }) // throws LIVE_CONNECT_FAILED
 * openLiveGuest({}) // throws LIVE_SOURCE_INVALID
 * ```
 */
export function openLiveGuest(options: LiveGuestOptions): LiveGuest {
  const opening: Opening = { options, closers: [], timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS };
  try {
    return new LiveGuest(openParts(opening));
  } catch (error) {
    for (const close of opening.closers.reverse()) close();
    throw error;
  }
}

/**
 * The live guest that a source names: `qmp:SOCKET` or `gdb:HOST:PORT`; `undefined` for any other source. An
 * IPv6 address is in brackets, and `gdb:PORT` is on this machine.
 *
 * @throws OsiError `LIVE_SOURCE_INVALID`.
 *
 * @example
 * ```ts
 * parseLiveSource('qmp:/run/guest.qmp') // => { qmp: '/run/guest.qmp' }
 * parseLiveSource('gdb:[::1]:1234') // => { gdb: { host: '::1', port: 1234 } }
 * parseLiveSource('dump.elf') // => undefined
 * parseLiveSource('gdb:host') // throws LIVE_SOURCE_INVALID
 * ```
 */
export function parseLiveSource(source: string): LiveGuestOptions | undefined {
  if (source.startsWith('gdb:')) return { gdb: parseGdbAddress(source.slice(4)) };
  if (!source.startsWith('qmp:')) return undefined;
  const qmp = source.slice(4);
  if (qmp === '') throw invalid(source, 'expected qmp:SOCKET, the path of a unix socket');
  return { qmp };
}

/**
 * Host and port of a gdb stub: `HOST:PORT`, or `PORT` on this machine.
 *
 * @throws OsiError `LIVE_SOURCE_INVALID`.
 *
 * @example
 * ```ts
 * parseGdbAddress('1234') // => { host: '127.0.0.1', port: 1234 }
 * parseGdbAddress('guests.example:0') // throws LIVE_SOURCE_INVALID
 * ```
 */
export function parseGdbAddress(text: string): HostAddress {
  const found = /^(?:(?:\[([0-9a-fA-F:.%]+)\]|([^\s:/[\]]*)):)?(\d{1,5})$/.exec(text);
  const port = Number(found?.[3]);
  if (found === null || port < 1 || port > 65_535)
    throw invalid(text, 'expected HOST:PORT, the address of a gdb stub');
  return { host: found[1] ?? (found[2] || '127.0.0.1'), port };
}

function invalid(source: string, expected: string): OsiError {
  return new OsiError('LIVE_SOURCE_INVALID', `not a live guest: "${source}"; ${expected}`, {
    hint: 'for example qmp:/run/guest.qmp or gdb:127.0.0.1:1234',
    fields: { source },
  });
}

function openParts(opening: Opening): LiveGuestParts {
  const { qmp: socket, gdb: address } = opening.options;
  if (socket === undefined && address === undefined) throw invalid('', 'expected a QMP socket or a gdb stub');
  const qmp = socket === undefined ? undefined : openQmp(opening, { path: socket });
  const guard = startStopGuard({ qmp: socket === undefined ? undefined : { path: socket }, gdb: address });
  opening.closers.push(() => guard.release());
  const wasRunning = qmp === undefined || isRunning(qmp);
  const gdb = address === undefined ? undefined : openGdb(opening, address, wasRunning ? guard : undefined);
  const monitor = qmp ?? gdb;
  const ranges = parseMemoryTree(monitor?.monitor('info mtree -f') ?? '');
  const parts = { name: socket ?? `${address?.host}:${address?.port}`, qmp, gdb, guard, wasRunning };
  const reading = qmp === undefined ? readByGdb(gdb, opening) : readByQmp(opening, qmp, ranges, guard);
  return { ...parts, ...reading, memory: new LiveMemory(reading.reader, checkedRanges(parts.name, ranges)) };
}

type Reading = Pick<LiveGuestParts, 'readState' | 'restore' | 'release' | 'reading'> & {
  readonly reader: MemoryReader;
};

function openQmp({ closers, timeoutMs, options }: Opening, target: SocketTarget): QmpClient {
  const channel = openSocketChannel(target, timeoutMs, options.clock);
  closers.push(() => channel.close());
  return QmpClient.open(channel, timeoutMs);
}

/** The stub stops the guest as soon as somebody connects. */
function openGdb(
  { closers, timeoutMs, options }: Opening,
  target: SocketTarget,
  guard: StopGuard | undefined,
): GdbClient {
  const channel = openSocketChannel(target, timeoutMs, options.clock);
  guard?.arm();
  closers.push(() => channel.close());
  return GdbClient.open(channel, timeoutMs);
}

function readByQmp(
  { options, closers }: Opening,
  qmp: QmpClient,
  ranges: readonly RamRange[],
  guard: FolderGuard,
): Reading {
  const socket = options.qmp ?? '';
  const probe = checkedRanges(socket, ranges)[0];
  const files = MemoryFiles.open(qmp, socket, probe, (folder) => guard.removeLater(folder));
  closers.push(() => files.close());
  const shared = SharedRam.find(qmp, ranges, files);
  const own = shared === undefined ? ProcessMemory.find(qmp, socket, ranges, files) : undefined;
  const release = (): void => {
    for (const reader of [shared, own, files]) reader?.close();
  };
  return {
    reader: shared ?? own ?? files,
    reading: howRead(shared, own),
    readState: () => files.readState(),
    release,
  };
}

function howRead(shared: SharedRam | undefined, own: ProcessMemory | undefined): Finding {
  if (shared !== undefined)
    return memoryFinding('in the file that QEMU shares it in', 'share=on of its memory backend');
  if (own !== undefined)
    return memoryFinding("in QEMU's own memory", `process ${own.pid} has the socket, and may be read`);
  return memoryFinding(
    'by pmemsave into temporary files',
    "it is not shared, and QEMU's own memory may not be read",
  );
}

function readByGdb(gdb: GdbClient | undefined, { options }: Opening): Reading {
  if (gdb === undefined) throw invalid(String(options.gdb), 'expected a gdb stub');
  const before = gdb.readPhysicalMode();
  gdb.setPhysicalMode(true);
  return {
    reader: gdbMemory(gdb),
    reading: memoryFinding('by packets of the gdb stub', 'no QMP socket was given'),
    readState: () => gdbState(gdb),
    restore: () => gdb.setPhysicalMode(before ?? false),
    release: () => undefined,
  };
}

function memoryFinding(value: string, evidence: string): Finding {
  return { what: 'memory', value: `read ${value}`, evidence };
}

function checkedRanges(name: string, ranges: readonly RamRange[]): readonly [RamRange, ...RamRange[]] {
  const [first, ...rest] = ranges;
  if (first !== undefined) return [first, ...rest];
  throw new OsiError('LIVE_PROTOCOL', `${name}: QEMU lists no RAM of the guest`, {
    hint: 'check that this is QEMU: its monitor command "info mtree -f" lists the RAM',
    fields: { source: name },
  });
}
