import { attempt, type Cpu, formatAddress, type X86Registers } from '@osi-linux/core';
import { type ControlRegisters, type Paging, pagingFromRegisters } from '@osi-linux/x86-mmu';
import type { KernelRoot } from './root';

/** The roots that processors use. Under page-table isolation, the half with all of the kernel comes first. */
export function rootsOfCpus(cpus: readonly Cpu[], machine: string | undefined): KernelRoot[] {
  const longMode = machine === undefined ? undefined : machine === 'x86_64';
  const roots = cpus.flatMap((cpu) => {
    const { index, registers } = cpu;
    const { cr0, cr3, cr4, efer } = registers;
    if (cr0 === undefined || cr3 === undefined || cr4 === undefined) return [];
    const paging = tryPaging({ cr0, cr3, cr4, efer, longMode: longMode ?? guessLongMode(registers) });
    if (paging === undefined) return [];
    const { form, root, ptiUserRoot } = paging;
    const own = { form, root, evidence: `CR3 of cpu ${index}, ${formatAddress(cr3)}`, cpu };
    if (ptiUserRoot === undefined) return [own];
    return [
      { ...own, root: ptiUserRoot.kernelRoot, evidence: `${own.evidence}, its half with the kernel` },
      own,
    ];
  });
  return roots.filter((found, at) => roots.findIndex(({ root }) => root === found.root) === at);
}

/** Bases that no 32-bit processor can have mean long mode. */
function guessLongMode(registers: X86Registers): boolean | undefined {
  const wide = ['kernel_gs_base', 'gs_base', 'idtr_base', 'gdtr_base', 'lstar', 'rip'] as const;
  return wide.some((name) => (registers[name] ?? 0n) >> 32n !== 0n) ? true : undefined;
}

/** A processor that has not turned paging on yet names no root. */
function tryPaging(registers: ControlRegisters): Paging | undefined {
  return attempt(
    () => pagingFromRegisters(registers),
    () => undefined,
  );
}
