import type { ProcessorMode } from '../guest-builder/machine/guest-stops';
import type { CallLog } from './call-log';
import { isInSharedObject } from './check-mappings';
import type { ProcessTruth } from './process-truth';
import type { StoppedGuest } from './stopped-guest';

/** The code where a processor must be found. */
export interface ProcessorTruth {
  readonly cpu: number;
  readonly mode: ProcessorMode;
  readonly pid: number;
  readonly tid: number;
  /** The address that it executes next, virtual. */
  readonly pc: bigint;
}

/** The processes of the guest: one of all runs on the processor, those asked about are held against where it is. */
export interface ProcessorAudience {
  readonly all: readonly ProcessTruth[];
  readonly asked: readonly ProcessTruth[];
}

/** How far around the next instruction its program is looked at, in bytes. */
const AROUND = 4n;
/** The first bytes of every spinning loop, and the instruction that sends a processor to sleep. */
const [PAUSE, HLT] = ['f390', 'f4'] as const;

/** By the stop's own word on what each processor does, which its registers were held against, and by the spinners'. */
export function readProcessorTruths({ truth, stop, registers }: StoppedGuest): ProcessorTruth[] {
  return stop.modes.map((mode, cpu) => {
    const pc = BigInt(`0x${/\b[ER]IP=([0-9a-f]+)/.exec(registers[cpu] ?? '')?.[1]}`);
    const busy = mode === 'idle' ? undefined : truth.cpus[cpu];
    return { cpu, mode, pc, pid: busy?.pid ?? 0, tid: busy?.tid ?? 0 };
  });
}

/** The calls about a processor. */
export function checkProcessor(
  guest: StoppedGuest,
  processor: ProcessorTruth,
  { all, asked }: ProcessorAudience,
  log: CallLog,
): void {
  const { osi } = guest;
  const { cpu, mode, pid, tid, pc } = processor;
  const about = `cpu ${cpu}, ${mode}`;
  const running = all.find((process) => process.pid === pid);
  // The guest reports only the idle task of the first processor.
  const isKnown = pid !== 0 || cpu === 0;
  const row = isKnown && running ? running.row : { pid: 0, name: `swapper/${cpu}`, asid: null, pgd: null };
  log.compare('getCurrentProcess', about, row, () => {
    const found = osi.getCurrentProcess(cpu);
    return Object.fromEntries(Object.keys(row).map((field) => [field, found[field as keyof typeof found]]));
  });
  log.compare('getCurrentProcess', `${about}: skipped`, [], () => osi.getCurrentProcess(cpu).skipped);
  const handle = isKnown ? running?.handle : null;
  log.compare('getCurrentProcessHandle', about, handle, () => {
    const { taskd, asid, createTime } = osi.getCurrentProcessHandle(cpu);
    return isKnown ? { taskd, asid, createTime } : asid;
  });
  log.compare('getCurrentThread', about, { pid, tid }, () => osi.getCurrentThread(cpu));
  const level = mode === 'kernel' || mode === 'idle' ? 'kernel' : 'user';
  log.compare('getExecutionPoint', about, { pc, mode: level }, () => osi.getExecutionPoint(cpu));
  checkSharedObjects(guest, processor, asked, log);
  checkProgram(guest, processor, log);
}

/** Asked of every process, whether it runs or not: where it has a shared object at the address of the processor. */
function checkSharedObjects(
  { osi }: StoppedGuest,
  { cpu, mode, pid, pc }: ProcessorTruth,
  processes: readonly ProcessTruth[],
  log: CallLog,
): void {
  const user = mode === 'program' || mode === 'shared-object';
  for (const { pid: other, handle, mappings } of processes) {
    if (mappings === undefined) continue;
    const expected = other === pid ? mode === 'shared-object' : user && isInSharedObject(mappings, pc);
    const about = `cpu ${cpu}, ${mode}: pid ${other}`;
    log.compare('inSharedObject', about, expected, () => osi.inSharedObject(handle, cpu));
  }
}

/**
 * The code that a processor executes is in memory as it sees it, and nothing is there that it does not see.
 */
function checkProgram({ linux, bytes }: StoppedGuest, processor: ProcessorTruth, log: CallLog): void {
  const { cpu, mode, pc } = processor;
  const about = `cpu ${cpu}, ${mode}: its program`;
  const [start, length] = [pc - AROUND, Number(2n * AROUND)];
  const instruction = mode === 'idle' ? HLT : PAUSE;
  log.compare('virtualMemoryRead', about, true, () =>
    hexOf(linux.virtualMemoryRead(start, length, cpu)).includes(instruction),
  );
  log.compare('virtToPhys', about, true, () => {
    const physical = linux.virtToPhys(start, cpu);
    return physical !== undefined && hexOf(bytes.read(physical, length)).includes(instruction);
  });
}

function hexOf(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}
