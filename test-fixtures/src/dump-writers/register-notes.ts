/** Registers of a processor by the names of a `Cpu`; absent ones are written as 0. */
export type CoreRegisters = Readonly<Record<string, bigint>>;

/** Writes integers one after the other, little-endian. */
class Writer {
  readonly bytes: Uint8Array;
  private readonly view: DataView;
  private at = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.view = new DataView(this.bytes.buffer);
  }

  skip(size: number): this {
    this.at += size;
    return this;
  }

  put(size: 2 | 4 | 8, value: bigint | number | undefined): this {
    const word = BigInt.asUintN(size * 8, BigInt(value ?? 0));
    if (size === 8) this.view.setBigUint64(this.at, word, true);
    else if (size === 4) this.view.setUint32(this.at, Number(word), true);
    else this.view.setUint16(this.at, Number(word), true);
    return this.skip(size);
  }
}

/** The desc of NT_PRSTATUS for x86-64: elf_prstatus with user_regs_struct (Linux arch/x86/include/asm/user_64.h). */
export function prstatus64(registers: CoreRegisters, pid: number): Uint8Array {
  const order =
    'r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs rflags rsp ss fs_base gs_base ds es fs gs';
  const writer = new Writer(336).skip(32).put(4, pid).skip(76);
  for (const name of order.split(' ')) writer.put(8, registers[name]);
  return writer.bytes;
}

/** The desc of NT_PRSTATUS for i386 (Linux arch/x86/include/asm/user_32.h); `rax` stands for eax. */
export function prstatus32(registers: CoreRegisters, pid: number): Uint8Array {
  const writer = new Writer(144).skip(24).put(4, pid).skip(44);
  for (const name of ['rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rax']) writer.put(4, registers[name]);
  for (const name of ['ds', 'es', 'fs', 'gs']) writer.put(2, registers[name]).skip(2);
  writer.put(4, registers['orig_rax']).put(4, registers['rip']).put(2, registers['cs']).skip(2);
  writer.put(4, registers['rflags']).put(4, registers['rsp']).put(2, registers['ss']);
  return writer.bytes;
}

/**
 * The desc of a "QEMU" note (QEMU target/i386/arch_dump.c, QEMUCPUState). Without a `kernel_gs_base` it is the one of
 * older QEMUs, which ends before it.
 */
export function qemuCpuState(registers: CoreRegisters): Uint8Array {
  const size = registers['kernel_gs_base'] === undefined ? 432 : 440;
  const writer = new Writer(size).put(4, 1).put(4, size);
  const general = 'rax rbx rcx rdx rsi rdi rsp rbp r8 r9 r10 r11 r12 r13 r14 r15 rip rflags';
  for (const name of general.split(' ')) writer.put(8, registers[name]);
  for (const name of 'cs ds es fs gs ss ldtr tr gdtr idtr'.split(' ')) {
    writer.put(4, registers[name]).put(4, registers[`${name}_limit`]).put(4, registers[`${name}_flags`]);
    writer.skip(4).put(8, registers[`${name}_base`]);
  }
  for (const name of ['cr0', 'cr1', 'cr2', 'cr3', 'cr4']) writer.put(8, registers[name]);
  if (size === 440) writer.put(8, registers['kernel_gs_base']);
  return writer.bytes;
}
