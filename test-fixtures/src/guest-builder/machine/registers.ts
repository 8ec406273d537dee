/** Where a processor was when the guest was stopped. */
export interface CpuState {
  /** Number of the processor. */
  readonly cpu: number;
  /** Current privilege level: 3 in user mode, 0 in the kernel. */
  readonly cpl: number;
  /** Whether it executes nothing until the next interrupt. */
  readonly halted: boolean;
  /** The low 32 bits of RBX, where the spinners put their identity. */
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

/**
 * Reads the numbers of `info registers -a`, a map of names as QEMU prints them for each processor; a segment's is its base.
 *
 * @example
 * ```ts
 * const text = 'CPU#0\nRAX=10 R8 =1\nGS =0000 fffe000000000000 00000000 00000000\nGDT=     fe00 007f\nCR0=80050033 CR3=0a00\n';
 * [...(parseRegisterValues(text)[0] ?? [])]
 * // => [['RAX', 16n], ['R8', 1n], ['CR0', 0x80050033n], ['CR3', 0xa00n], ['GS', 0xfffe000000000000n], ['GDT', 0xfe00n]]
 * ```
 */
export function parseRegisterValues(text: string): Map<string, bigint>[] {
  const pairs = (section: string, form: RegExp) =>
    [...section.matchAll(form)].map(([, name = '', hex = '']): [string, bigint] => [
      name,
      BigInt(`0x${hex}`),
    ]);
  return text
    .split(/^CPU#/m)
    .slice(1)
    .map((section) => {
      const plain = section.replace(/^(ES|[C-GS]S|LDT|TR|[GI]DT) ?=.*$/gm, '');
      const numbers = pairs(plain, /\b([A-Z][A-Z0-9]+) *=([0-9a-f]+)\b/g);
      const segments = pairs(section, /^([C-GS]S|ES|LDT|TR|[GI]DT) ?= *(?:[0-9a-f]{4} )?([0-9a-f]+) /gm);
      return new Map([...numbers, ...segments]);
    });
}
