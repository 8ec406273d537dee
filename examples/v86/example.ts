// The memory and the processor of a guest in the v86 emulator, here one that is made up: `new V86(...)` gives a real one.
import { openV86 } from '@osi-linux/v86';

export function run(): string[] {
  const guest = openV86(makeEmulator());
  const page = guest.memory.page(5);
  const registers = guest.cpus[0]?.registers;
  return [
    `${guest.format}, ${guest.machine}, ${guest.memory.ranges.length} ranges`,
    new TextDecoder().decode(page?.bytes.subarray(0, 13)),
    `cr3 0x${registers?.['cr3']?.toString(16)}, rip 0x${registers?.['rip']?.toString(16)}`,
    guest.memory.hole(0xb8).code,
  ];
}

function makeEmulator() {
  const mem8 = new Uint8Array(2 ** 21);
  mem8.set(new TextEncoder().encode('Linux version'), 0x5000);
  const cpu = {
    mem8,
    cr: Int32Array.of(0x80050033 | 0, 0, 0, 0x13e1000, 0x690),
    reg32: new Int32Array(8),
    sreg: Uint16Array.of(123, 96, 104, 123, 216, 224),
    segment_offsets: new Int32Array(8),
    instruction_pointer: Int32Array.of(0xc8816106 | 0),
    get_eflags: () => 0x202,
  };
  return { is_running: () => true, v86: { idle: true, cpu } };
}
