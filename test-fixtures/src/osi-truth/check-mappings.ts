import type { CallLog } from './call-log';
import { jsonRow } from './json-row';
import type { ProcessTruth, TruthModule } from './process-truth';
import type { StoppedGuest } from './stopped-guest';

type Osi = StoppedGuest['osi'];
type Listed = ReturnType<Osi['getMappings']>;

/** Of processes with many mappings, so many are asked for by address and by name. */
const SAMPLES = 12;

/**
 * The kind of a mapping by its line of `/proc/PID/maps`: a file by its device, else by the text in brackets.
 */
function classOf({ file, name }: TruthModule): 'file' | 'heap' | 'stack' | 'unknown' {
  if (file !== null) return 'file';
  return name === '[heap]' ? 'heap' : name === '[stack]' ? 'stack' : 'unknown';
}

/** The first mapping that contains an address. */
export function mappingAt(mappings: readonly TruthModule[], address: bigint): TruthModule | undefined {
  return mappings.find(({ base, size }) => BigInt(base) <= address && address < BigInt(base) + BigInt(size));
}

/** Whether an address is in a shared object: a file with `.so` in its name. */
export function isInSharedObject(mappings: readonly TruthModule[], address: bigint): boolean {
  const found = mappingAt(mappings, address);
  return found !== undefined && classOf(found) === 'file' && found.name.includes('.so');
}

/** The calls about the mappings of one process. */
export function checkMappings({ osi }: StoppedGuest, process: ProcessTruth, log: CallLog): void {
  const { pid, handle, mappings } = process;
  if (mappings === undefined) return;
  const only = (kind: string) => mappings.filter((mapping) => classOf(mapping) === kind);
  const calls: readonly [keyof Osi & string, () => Listed, readonly TruthModule[]][] = [
    ['getMappings', () => osi.getMappings(handle), mappings],
    ['getFileMappings', () => osi.getFileMappings(handle), only('file')],
    ['getHeapMappings', () => osi.getHeapMappings(handle), only('heap')],
    ['getStackMappings', () => osi.getStackMappings(handle), only('stack')],
    ['getUnknownMappings', () => osi.getUnknownMappings(handle), only('unknown')],
  ];
  for (const [call, ask, expected] of calls) {
    let rows: Listed | undefined;
    log.compare(call, `pid ${pid}: rows`, expected.length, () => {
      rows = ask();
      return rows.length;
    });
    log.compare(call, `pid ${pid}: skipped`, [], () => rows?.skipped);
    for (const [at, mapping] of expected.entries())
      log.compare(call, `pid ${pid}: ${mapping.base}`, known(mapping), () => pick(rows?.[at], mapping));
  }
  checkByAddress(osi, process, mappings, log);
  checkByName(osi, process, only('file'), log);
}

/** At the first and the last byte of a mapping, before and behind it. */
function checkByAddress(
  osi: Osi,
  { pid, handle }: ProcessTruth,
  mappings: readonly TruthModule[],
  log: CallLog,
): void {
  for (const { base, size } of sample(mappings)) {
    const [start, end] = [BigInt(base), BigInt(base) + BigInt(size)];
    for (const address of [start - 1n, start, end - 1n, end]) {
      const expected = mappingAt(mappings, address);
      const about = `pid ${pid}: 0x${address.toString(16)}`;
      log.compare('getMappingByAddr', about, expected && known(expected), () => {
        const found = osi.getMappingByAddr(handle, address);
        return found && pick(found, expected);
      });
    }
  }
  if (mappings.length === 0)
    log.compare('getMappingByAddr', `pid ${pid}: nothing`, undefined, () =>
      osi.getMappingByAddr(handle, 0x1000n),
    );
}

function checkByName(
  osi: Osi,
  { pid, handle }: ProcessTruth,
  files: readonly TruthModule[],
  log: CallLog,
): void {
  const names = [...new Set(files.map(({ name }) => name))];
  const [absent, about] = ['libnowhere.so', `pid ${pid}`];
  for (const name of sample(names)) {
    const first = files.find((file) => file.name === name);
    log.compare('getMappingBaseAddressByName', `${about}: ${name}`, BigInt(first?.base ?? 0), () =>
      osi.getMappingBaseAddressByName(handle, name),
    );
    for (const prefix of [name, name.slice(0, 3), `${name}?`])
      log.compare(
        'hasMappingPrefix',
        `${about}: ${prefix}`,
        names.some((other) => other.startsWith(prefix)),
        () => osi.hasMappingPrefix(handle, prefix),
      );
  }
  log.compare('getMappingBaseAddressByName', `${about}: ${absent}`, undefined, () =>
    osi.getMappingBaseAddressByName(handle, absent),
  );
  log.compare('hasMappingPrefix', `${about}: ${absent}`, false, () => osi.hasMappingPrefix(handle, absent));
}

/** The first and the last ones, and some between. */
function sample<Item>(items: readonly Item[]): Item[] {
  const step = Math.max(1, (items.length - 1) / (SAMPLES - 1));
  const places =
    items.length === 0
      ? []
      : Array.from({ length: Math.min(SAMPLES, items.length) }, (_, at) => Math.round(at * step));
  return places.flatMap((place) => items.slice(place, place + 1));
}

/** The fields that the guest has answered. */
function known(mapping: TruthModule): object {
  return Object.fromEntries(Object.entries(mapping).filter(([, value]) => value !== undefined));
}

function pick(row: object | undefined, mapping: TruthModule | undefined): object | undefined {
  if (row === undefined) return undefined;
  const given = jsonRow(row);
  return mapping === undefined
    ? given
    : Object.fromEntries(Object.keys(known(mapping)).map((field) => [field, given[field]]));
}
