import type { Cpu, PhysicalMemory } from '@osi-linux/core';
import { findProcessor } from './internal/machine';
import { V86Cpu } from './internal/v86-cpu';
import { V86Memory } from './internal/v86-memory';
import type { V86Emulator } from './v86-emulator';

/** A guest in an emulator, in the form of an opened dump: code that takes a dump takes it, too. */
export interface V86Guest {
  /** `v86`, as a dump names its format. */
  readonly format: 'v86';
  /** The guest's RAM, in place: each page shows the guest's writes up to now. */
  readonly memory: PhysicalMemory;
  /** Its one processor, whose registers are read anew each time. */
  readonly cpus: readonly Cpu[];
  /** The machine that v86 emulates. */
  readonly machine: 'i386';
  /** Nothing is odd about it. */
  readonly findings: readonly never[];
  /** Does nothing: the emulator stays the caller's. */
  close(): void;
}

/**
 * Opens the guest of an emulator that has loaded, running or stopped. Nothing is written to it.
 *
 * v86 runs a guest in time slices of about a millisecond on the thread of its caller. All code but its own listeners
 * runs between two slices, where the guest stands still until that code returns: everything read without an
 * `await` is of one moment. To read for longer, stop the emulator. In a listener of the guest's output a
 * slice is under way, and the processor has control registers and segments alone. An address space that keeps
 * translations must forget them once the guest has run on.
 *
 * @throws OsiError `V86_NOT_READY` before the event `emulator-ready`, `V86_UNKNOWN` for what is no such emulator.
 *
 * @example
 * ```ts
 * const slots = new Int32Array(8);
 * const cr = Int32Array.of(0x80050033 | 0, 0, 0, 0x1000, 0);
 * const mem8 = new Uint8Array(0x200000).fill(7, 0x1000, 0x2000);
 * const cpu = { mem8, cr, reg32: slots, sreg: slots, segment_offsets: slots, instruction_pointer: slots };
 * const emulator = { is_running: () => true, v86: { idle: true, cpu: { ...cpu, get_eflags: () => 2 } } };
 * const guest = openV86(emulator);
 * guest.memory.page(1)?.bytes[0] // => 7
 * [guest.cpus[0].registers.cr0, guest.cpus[0].registers.rflags] // => [0x80050033n, 2n]
 * guest.memory.hole(0xb8).code // => 'PHYSICAL_HOLE'
 * openV86({ is_running: () => false }) // throws V86_NOT_READY
 * ```
 */
export function openV86(emulator: V86Emulator): V86Guest {
  const processor = findProcessor(emulator);
  return {
    format: 'v86',
    memory: new V86Memory(processor),
    cpus: [new V86Cpu(emulator, processor)],
    machine: 'i386',
    findings: [],
    close: () => undefined,
  };
}
