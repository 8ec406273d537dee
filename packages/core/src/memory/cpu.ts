/** A processor of the guest at the moment of the dump. */
export interface Cpu {
  /** Number of the processor, from 0, as the kernel counts them. */
  readonly index: number;
  /**
   * Registers by Intel's names in lower case: `rax` ... `rip`, `rflags`, `cr0`, `cr2`, `cr3`, `cr4`, `efer`;
   * segments as `cs`, `cs_base`, `gs_base`, `kernel_gs_base` ...; those that the source does not have are absent.
   */
  readonly registers: Readonly<Record<string, bigint>>;
}
