/** Where a processor was when the guest was stopped. */
export interface CpuState {
  /** Number of the processor. */
  readonly cpu: number;
  /** Current privilege level: 3 in user mode, 0 in the kernel. */
  readonly cpl: number;
  /** Whether it executes nothing until the next interrupt. */
  readonly halted: boolean;
  /** The low 32 bits of RBX, in which the spinners say who they are. */
  readonly ebx: number;
}

/**
 * Reads what QEMU's monitor prints for `info registers -a`.
 *
 * @example
 * ```ts
 * const text = 'CPU#0\nRAX=0 RBX=000000005350494e\nRIP=0 RFL=0 [-------] CPL=3 II=0 A20=1 SMM=0 HLT=0\n';
 * parseRegisters(text) // => [{ cpu: 0, cpl: 3, halted: false, ebx: 0x5350494e }]
 * ```
 */
export function parseRegisters(text: string): CpuState[] {
  return text
    .split(/^CPU#/m)
    .slice(1)
    .map((section) => ({
      cpu: Number.parseInt(section, 10),
      cpl: Number(/\bCPL=(\d)/.exec(section)?.[1] ?? Number.NaN),
      halted: /\bHLT=1/.test(section),
      ebx: Number.parseInt(/\b[ER]BX=([0-9a-f]+)/.exec(section)?.[1]?.slice(-8) ?? '', 16),
    }));
}
