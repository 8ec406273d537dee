import { OsiError } from '@osi-linux/core';
import type { ByteSource } from '../../sources/byte-source';

interface OtherMachine {
  readonly name: string;
  /** `e_machine` (System V gABI and the registry of its values). */
  readonly elf: number;
  /** Bytes of its `struct elf_prstatus` in Linux, where no other machine's has as many. */
  readonly status?: number;
  /** The RAM block of its machine in QEMU (`default_ram_id` in hw/arm/virt.c, hw/riscv/virt.c ...). */
  readonly ram?: string;
}

/** The machines that run Linux and whose dumps are named, but not read. */
const OTHERS: readonly OtherMachine[] = [
  { name: 'aarch64', elf: 183, status: 392, ram: 'mach-virt.ram' },
  { name: 'arm', elf: 40, status: 148 },
  { name: 'riscv64', elf: 243, status: 376, ram: 'riscv_virt_board.ram' },
  { name: 'ppc64', elf: 21, status: 504, ram: 'ppc_spapr.ram' },
  { name: 'ppc', elf: 20 },
  { name: 's390x', elf: 22, ram: 's390.ram' },
  { name: 'loongarch64', elf: 258, ram: 'loongarch.ram' },
  { name: 'mips', elf: 8 },
  { name: 'ia64', elf: 50 },
  { name: 'sparc64', elf: 43 },
];

/** The name of the machine with this `e_machine`; `undefined` if it is x86 or not known. */
export function otherMachineOfElf(machine: number): string | undefined {
  return OTHERS.find(({ elf }) => elf === machine)?.name;
}

/** The name of the machine whose NT_PRSTATUS notes have this many bytes; `undefined` if it is x86 or not known. */
export function otherMachineOfStatus(bytes: number): string | undefined {
  return OTHERS.find(({ status }) => status === bytes)?.name;
}

/** The name of the machine whose RAM QEMU gives this name; `undefined` if it is x86 or not known. */
export function otherMachineOfRam(block: string): string | undefined {
  return OTHERS.find(({ ram }) => ram === block)?.name;
}

/** The error of a dump of another machine; `kind` is put after "is", `evidence` names the field that shows the machine. */
export function otherMachine(source: ByteSource, kind: string, machine: string, evidence: string): OsiError {
  return new OsiError(
    'DUMP_MACHINE_UNSUPPORTED',
    `${source.name} is ${kind} of the machine ${JSON.stringify(machine)} (${evidence}), expected x86`,
    {
      hint: `only x86 guests are supported; guests of ${machine} are not read yet`,
      fields: { source: source.name, machine },
    },
  );
}
