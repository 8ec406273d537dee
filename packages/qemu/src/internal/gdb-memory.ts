import { type Cpu, OsiError, type PhysicalRange } from '@osi-linux/core';
import type { GdbClient } from '../gdb-client';
import type { GuestState } from '../live-guest';
import type { MemoryReader } from '../live-memory';

/** EFER.LMA: the processor is in long mode. Intel SDM vol. 4, IA32_EFER. */
const LMA = 1n << 10n;

/** Physical memory through a gdb stub, which must be in that mode. */
export function gdbMemory(gdb: GdbClient): MemoryReader {
  return {
    worthOfRun: 0,
    readAhead: 4096,
    readRuns: (runs: readonly PhysicalRange[]) => {
      // A packet would stop it, and be lost.
      if (gdb.isRunning) {
        throw new OsiError('LIVE_READ_FAILED', 'the guest runs: a gdb stub can read only a stopped guest', {
          hint: 'stop the guest first, or open its QMP socket too',
        });
      }
      return runs.map(({ start, end }) => gdb.readMemory(start, end - start));
    },
  };
}

/** The processors by their registers; a guest is of 64 bits where one of them is in long mode. */
export function gdbState(gdb: GdbClient): GuestState {
  const cpus = gdb.readThreads().map((thread): Cpu => {
    return { index: thread - 1, registers: gdb.readRegisters(thread) };
  });
  const told = cpus.some(({ registers }) => registers.efer !== undefined);
  if (!told) return { cpus };
  const long = cpus.some(({ registers }) => ((registers.efer ?? 0n) & LMA) !== 0n);
  return { cpus, machine: long ? 'x86_64' : 'i386' };
}
