import { attempt, type Cpu, readBytes, type VirtualAddress } from '@osi-linux/core';
import type { AddressSpace } from '@osi-linux/x86-mmu';

/** A place in the kernel's code that a processor is set to enter it at. */
export interface CpuEntry {
  /** Its name: `the page fault of the IDT of cpu 0`. */
  readonly by: string;
  /** Its virtual address. */
  readonly address: VirtualAddress;
}

/** Exceptions that Linux has a gate for on every processor (Intel SDM vol. 3A, table 6-1). */
const GATES: readonly (readonly [vector: number, name: string])[] = [
  [14, 'page fault'],
  [0, 'divide error'],
];

/** Where a processor enters the kernel: by gates of its IDT, read through its page tables, and for system calls. */
export function entriesOfCpu(tables: AddressSpace, { index, registers }: Cpu): CpuEntry[] {
  const idt = registers.idtr_base;
  const entries = GATES.flatMap(([vector, name]) => {
    const address = idt === undefined ? undefined : readGate(tables, idt, vector);
    return address === undefined ? [] : [{ by: `the ${name} of the IDT of cpu ${index}`, address }];
  });
  // They are 0 before the kernel sets them; sources have different ones.
  const [name, call] =
    tables.architecture.wordSize === 8
      ? ['LSTAR', registers.lstar]
      : ['IA32_SYSENTER_EIP', registers.sysenter_eip];
  if (call !== undefined && call !== 0n) entries.push({ by: `${name} of cpu ${index}`, address: call });
  return entries;
}

/** The offset of a present gate (Intel SDM vol. 3A, figures 6-2 and 6-8), where it is an address of the kernel. */
function readGate(tables: AddressSpace, idt: VirtualAddress, vector: number): VirtualAddress | undefined {
  const size = tables.architecture.wordSize * 2;
  const bytes = tryRead(tables, idt + BigInt(vector * size), size);
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer);
  if ((view.getUint8(5) & 0x80) === 0) return undefined;
  const low = BigInt(view.getUint16(6, true) * 65536 + view.getUint16(0, true));
  const address = size === 16 ? low + (BigInt(view.getUint32(8, true)) << 32n) : low;
  return tables.architecture.isKernelAddress(address) ? address : undefined;
}

function tryRead(tables: AddressSpace, at: VirtualAddress, size: number): Uint8Array | undefined {
  return attempt(
    () => readBytes(tables, BigInt.asUintN(64, at), size),
    () => undefined,
  );
}
