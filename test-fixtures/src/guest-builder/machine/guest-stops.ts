import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OsiError } from '@osi-linux/core';
import { runCommand } from '../packages/command';
import type { QmpClient } from './qmp';
import { type CpuState, parseRegisters } from './registers';

/** The code that a processor runs: its program, a shared object of it, a system call, or nothing. */
export type ProcessorMode = 'program' | 'shared-object' | 'kernel' | 'idle';

/** A moment at which a guest was stopped, and the files written then. */
export interface GuestStop {
  /** Its memory and registers, an ELF core. */
  readonly dump: string;
  /** The registers as QEMU's monitor prints them. */
  readonly registers: string;
  /** The code that each processor ran, by its number. */
  readonly modes: readonly ProcessorMode[];
}

/** Which stops a guest has. */
export interface StopSpec {
  readonly cpus: number;
  /**
   * The state of its processors at the moment of the dump: spin in their programs on all of them, or nothing
   * on any.
   */
  readonly state: 'spinning' | 'idle';
  /** Whether a spinning guest is stopped again in every other mode, where it has no `dumps`. */
  readonly stops?: boolean;
  /** Other forms of its dump; the last of them may end the guest. */
  readonly dumps?: readonly string[];
}

/** EBX of what spins on CPU 0, by where it spins; each further CPU has one more. See guest/dynamic/spinner.c. */
const MARKERS = { program: 0x5350494e, 'shared-object': 0x53484f42, kernel: 0x4b45524e } as const;
/** The modes that processors take in turn, each in another one than the one before it. */
const TURNS: readonly ProcessorMode[] = ['idle', 'shared-object', 'kernel'];
const STOP_ATTEMPTS = 300;

/**
 * The stops of a guest: that of its dump, and where it is wanted one for each further mode of its first processor.
 *
 * @example
 * ```ts
 * guestStops({ cpus: 2, state: 'spinning', stops: true }).map(({ modes }) => modes.join(' '))
 * // => ['program program', 'shared-object kernel', 'kernel idle', 'idle shared-object']
 * ```
 */
export function guestStops({ cpus, state, stops, dumps }: StopSpec): GuestStop[] {
  const modes = (mode: (cpu: number) => ProcessorMode) => Array.from({ length: cpus }, (_, cpu) => mode(cpu));
  const first = modes(() => (state === 'spinning' ? 'program' : 'idle'));
  const dump: GuestStop = { dump: 'dump.elf', registers: 'registers.txt', modes: first };
  if (stops !== true || state !== 'spinning' || dumps !== undefined) return [dump];
  const further = TURNS.map((_, place): GuestStop => {
    const turn = (cpu: number) => TURNS[(cpu + place + 1) % TURNS.length] ?? 'idle';
    const name = `stop-${place + 1}`;
    return { dump: `${name}.elf`, registers: `${name}.txt`, modes: modes(turn) };
  });
  return [dump, ...further];
}

/**
 * Stops a guest when each processor is in the wanted state, and lets it go on a little otherwise. Returns the
 * registers.
 *
 * @throws OsiError `GUEST_STATE_UNREACHED`.
 */
export async function stopInModes(qmp: QmpClient, modes: readonly ProcessorMode[]): Promise<string> {
  let registers = '';
  for (let attempt = 0; attempt < STOP_ATTEMPTS; attempt += 1) {
    await qmp.execute('stop');
    registers = await qmp.monitor('info registers -a');
    if (areInModes(parseRegisters(registers), modes)) return registers;
    await qmp.execute('cont');
    await sleep(20 + (attempt % 20));
  }
  throw new OsiError('GUEST_STATE_UNREACHED', `guest: its processors are never ${modes.join(', ')} at once`, {
    hint: 'look at registers and console; something else keeps a processor busy',
    fields: { modes, registers },
  });
}

/** Lets a stopped guest go on, and writes its further stops. */
export async function writeFurtherStops(
  qmp: QmpClient,
  stops: readonly GuestStop[],
  folder: string,
): Promise<void> {
  for (const { dump, registers, modes } of stops) {
    await qmp.execute('cont');
    writeFileSync(join(folder, registers), await stopInModes(qmp, modes));
    const file = join(folder, dump);
    await qmp.execute('dump-guest-memory', { paging: false, protocol: `file:${file}` });
    chmodSync(file, 0o644);
    // Most of a guest's memory is zero: a hole in the file takes no space.
    await runCommand('fallocate', ['--dig-holes', file]);
  }
}

/** Whether each processor is in the wanted state, by its registers alone. */
export function areInModes(cpus: readonly CpuState[], modes: readonly ProcessorMode[]): boolean {
  return cpus.length === modes.length && cpus.every((cpu) => isInMode(cpu, modes[cpu.cpu]));
}

function isInMode({ cpu, cpl, halted, ebx }: CpuState, mode: ProcessorMode | undefined): boolean {
  if (mode === undefined) return false;
  if (mode === 'idle') return cpl === 0 && halted;
  return cpl === (mode === 'kernel' ? 0 : 3) && !halted && ebx === MARKERS[mode] + cpu;
}
