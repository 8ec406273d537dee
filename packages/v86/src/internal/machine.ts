import { OsiError } from '@osi-linux/core';
import type { V86Emulator, V86Processor } from '../v86-emulator';

/** The object in which an emulator keeps its machine. */
interface Machine {
  readonly cpu: Partial<V86Processor>;
  /** False while a time slice is run. */
  readonly idle?: unknown;
}

const ARRAYS = ['cr', 'reg32', 'sreg', 'segment_offsets', 'instruction_pointer'] as const;

/** The machine of an emulator. @throws OsiError `V86_NOT_READY` while it loads, `V86_UNKNOWN` for what is no emulator. */
export function findMachine(emulator: V86Emulator): Machine {
  const machine = (emulator as { readonly v86?: unknown }).v86;
  if (machine === undefined || machine === null) throw notReady();
  if (!isObject(machine) || !isObject(machine['cpu'])) throw unknown('v86.cpu');
  return machine as unknown as Machine;
}

/** Its processor, checked to have every part that is read. @throws OsiError as {@link findMachine}. */
export function findProcessor(emulator: V86Emulator): V86Processor {
  const { cpu } = findMachine(emulator);
  // Made when the emulator has loaded, and empty until the guest has memory.
  if (cpu.mem8 === undefined || cpu.mem8.length === 0) throw notReady();
  const missing = ARRAYS.find((name) => typeof cpu[name]?.[0] !== 'number');
  if (missing !== undefined) throw unknown(`v86.cpu.${missing}`);
  if (typeof cpu.get_eflags !== 'function') throw unknown('v86.cpu.get_eflags');
  return cpu as V86Processor;
}

/** Whether a time slice is being run, as in a listener of the guest's output. */
export function isInsideSlice(emulator: V86Emulator): boolean {
  return findMachine(emulator).idle === false;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function notReady(): OsiError {
  return new OsiError('V86_NOT_READY', 'the emulator has no guest yet', {
    hint: 'wait for its event emulator-ready, then open the guest',
  });
}

function unknown(part: string): OsiError {
  return new OsiError('V86_UNKNOWN', `the emulator has no readable ${part}`, {
    hint: 'give an instance of V86 from the npm package v86; version 0.5.462 is known to work',
    fields: { part },
  });
}
