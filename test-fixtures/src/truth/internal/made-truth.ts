import type { GuestTruth, TruthProcess } from '../guest-truth';
import type { TruthRecord, TruthRecordKind } from '../truth-records';
import { TruthTree } from '../truth-tree';

/** Bytes of a text with one byte for each character. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

/** The questions of the collector to every process, unless a test sets them. */
function emptyAnswers(pid: number, records: object): TruthRecord[] {
  const bytes = new Uint8Array();
  const answers: TruthRecord[] = [
    { kind: 'file', path: `/proc/${pid}/maps`, bytes },
    { kind: 'file', path: `/proc/${pid}/environ`, bytes },
    { kind: 'list', path: `/proc/${pid}/fd`, bytes },
  ];
  return answers.filter(({ path }) => !Object.hasOwn(records, path));
}

/** A truth made by hand, for tests: processes by name and pid with their threads, and records by path. */
export function makeTruth(
  processes: Readonly<Record<string, readonly [pid: number, ...tids: number[]]>>,
  records: Readonly<Record<string, string | readonly [TruthRecordKind, string]>>,
  fields: Partial<TruthProcess> = {},
): GuestTruth {
  const made = Object.entries(records).map(([path, given]): TruthRecord => {
    const [kind, text] = typeof given === 'string' ? (['file', given] as const) : given;
    return { kind, path, bytes: bytesOf(text) };
  });
  const asked = Object.values(processes).flatMap(([pid]) => emptyAnswers(pid, records));
  const tree = TruthTree.of(made.length === 0 ? [] : [...made, ...asked]);
  return {
    processes: Object.entries(processes).map(([name, [pid, ...tids]]) => ({
      ...{ pid, tgid: pid, ppid: 1, uid: 0, gid: 0, euid: 0, egid: 0, state: 'S', startTimeTicks: 0 },
      comm: bytesOf(name),
      cmdline: bytesOf(''),
      threads: [pid, ...tids].map((tid) => ({ tid, comm: bytesOf(name) })),
      ...fields,
    })),
    unsettled: [99],
    tasks: [],
    cpus: [],
    ...(tree === undefined ? {} : { tree }),
  };
}
