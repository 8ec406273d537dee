/**
 * The parts of a v86 emulator that are read, to be set by tests. `memoryBytes` is how much RAM it has.
 *
 * @example
 * ```ts
 * const emulator = new FakeEmulator(4096);
 * [emulator.is_running(), emulator.v86.idle, emulator.v86.cpu.get_eflags()] // => [true, true, 0x202]
 * ```
 */
export class FakeEmulator {
  running = true;
  readonly v86;

  constructor(memoryBytes: number) {
    const cpu = {
      mem8: new Uint8Array(memoryBytes),
      cr: new Int32Array(8),
      reg32: new Int32Array(8),
      sreg: new Uint16Array(8),
      segment_offsets: new Int32Array(8),
      instruction_pointer: new Int32Array(1),
      get_eflags: (): number => 0x202,
    };
    this.v86 = { idle: true, cpu };
  }

  is_running(): boolean {
    return this.running;
  }
}
