import { formatAddress, type Skipped, SkippedLog, type Subject, subjectKey } from '@osi-linux/core';
import type { Guest } from '@osi-linux/guest';

type OsiProc = ReturnType<Guest['osi']['getProcesses']>[number];
type OsiModule = ReturnType<Guest['osi']['getMappings']>[number];
type OsiKernelModule = ReturnType<Guest['osi']['getModules']>[number];

/** The answer of `osi-linux test`: the text, and the list of unreadable parts. */
export interface OsiTest {
  readonly text: string;
  readonly skipped: readonly Skipped[];
}

type Incomplete = { readonly skipped: readonly Skipped[] };

/** Fields of a process that are not printed, so that the text lacks nothing without them. */
const OTHER_FIELDS: ReadonlySet<string | undefined> = new Set([
  ...['cmdline', 'createTime', 'kernelThread', 'mm', 'pgd', 'asid'],
  ...['cred', 'uid', 'gid', 'euid', 'egid'],
]);

const NO_FIELDS: typeof OTHER_FIELDS = new Set();

const RULE = `\n${'-'.repeat(49)}\n\n`;

/**
 * The text that PANDA's plugin osi_test prints when the address space changes, once for each processor that
 * is online, or for one of them alone.
 *
 * The process list begins with pid 0, as PANDA's does with OSI_LINUX_LIST_FROM_INIT. Mappings have PANDA's names:
 * `[???]` also for the kernel's own, no ` (deleted)`. The list of modules is this project's: PANDA has none on Linux.
 */
export function formatOsiTest({ osi, linux, memory }: Guest, only: number | undefined): OsiTest {
  const log = new SkippedLog();
  const gather = <Value extends Incomplete>(from: Subject, read: () => Value, unprinted = NO_FIELDS) => {
    const found = log.attempt(() => from, read);
    for (const { subject, reason } of found?.skipped ?? [])
      if (!unprinted.has(subject.field)) log.add(subject, reason);
    return found;
  };
  const print = new BlockPrinter(memory.architecture.wordSize);
  const processes = gather({ kind: 'list', name: 'process list' }, () => osi.getProcesses(), OTHER_FIELDS);
  const modules = gather({ kind: 'list', name: 'kernel modules' }, () => osi.getModules());
  const cpus = log.attempt(
    () => ({ kind: 'list', name: 'online processors' }),
    () => (only === undefined ? linux.onlineCpus() : [linux.requireOnline(only)]),
  );
  const blocks = (cpus ?? []).map((cpu) => {
    const current = gather(
      { kind: 'cpu', cpu, field: 'current process' },
      () => osi.getCurrentProcess(cpu),
      OTHER_FIELDS,
    );
    const mappings = gather({ kind: 'list', name: 'mappings', cpu }, () => osi.getMappings(current));
    return [
      `${print.current(current)}\n\n`,
      print.processes(processes ?? []),
      RULE,
      `${print.mappings(mappings ?? [])}\n`,
      print.modules(modules ?? []),
      RULE,
    ].join('');
  });
  return { text: blocks.join(''), skipped: withoutRepeats(log.records) };
}

/** Prints one block as the C program does; a field that could not be read is what PANDA would have there. */
class BlockPrinter {
  private readonly wordSize: number;

  constructor(wordSize: 4 | 8) {
    this.wordSize = wordSize;
  }

  current(process: OsiProc | null): string {
    if (process === null) return 'Cannot get current process details.';
    const { pid, ppid } = process;
    const name = (pid ?? -1) > 0 ? nameOf(process) : 'N/A';
    return `Current process: ${name} PID:${unsigned(pid)} PPID:${unsigned(ppid)}`;
  }

  processes(rows: readonly OsiProc[]): string {
    if (rows.length === 0) return 'Process list not available.\n';
    const lines = rows.map(
      (row) => `  ${padded(nameOf(row), 16)}\t${unsigned(row.pid)}\t${unsigned(row.ppid)}\n`,
    );
    return `Process list (${rows.length} procs):\n${lines.join('')}`;
  }

  mappings(rows: readonly OsiModule[]): string {
    if (rows.length === 0) return 'No mapped dynamic libraries.\n';
    const lines = rows.map((row) => this.line(row.base, row.size, ...pandaNames(row)));
    return `Dynamic libraries list (${rows.length} libs):\n${lines.join('')}`;
  }

  modules(rows: readonly OsiKernelModule[]): string {
    if (rows.length === 0) return 'No mapped kernel modules.\n';
    const lines = rows.map(({ base, size, name, file }) =>
      this.line(base ?? 0n, size ?? 0, name, file ?? null),
    );
    return `Kernel module list (${rows.length} modules):\n${lines.join('')}`;
  }

  private line(base: bigint, size: number, name: string | null, file: string | null): string {
    const address = base.toString(16).padStart(this.wordSize * 2, '0');
    const signed = BigInt.asIntN(this.wordSize * 8, BigInt(size));
    return `\t0x${address}\t${signed}\t${padded(name ?? '(null)', 24)} ${file ?? '(null)'}\n`;
  }
}

const DELETED = ' (deleted)';
const HEAP_OR_STACK: ReadonlySet<string> = new Set(['[heap]', '[stack]']);

/** Name and file as PANDA prints them: the file's last component, else one of three texts in brackets. */
function pandaNames({ file, name }: OsiModule): [string | null, string | null] {
  if (file === null) return [name === null || HEAP_OR_STACK.has(name) ? name : '[???]', null];
  const deleted = name !== null && file.endsWith(`${name}${DELETED}`);
  const path = deleted ? file.slice(0, -DELETED.length) : file;
  const slash = path.lastIndexOf('/');
  return [slash < 0 ? null : path.slice(slash + 1), path];
}

function nameOf({ name }: OsiProc): string {
  return name ?? 'N/A';
}

/** `%u` of a 32-bit id; -1 stands for one that could not be read. */
function unsigned(id: number | null): number {
  return (id ?? -1) >>> 0;
}

/** `%-Ns`, which counts bytes. */
function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - Buffer.byteLength(text)));
}

function withoutRepeats(records: readonly Skipped[]): Skipped[] {
  const seen = new Set<string>();
  return records.filter(({ subject, reason: { code, fields } }) => {
    const key = `${subjectKey(subject)} ${code} ${JSON.stringify(fields, textOfBigint)}`;
    return !seen.has(key) && seen.add(key);
  });
}

function textOfBigint(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? formatAddress(value) : value;
}
