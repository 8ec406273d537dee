import { BigEndianWriter } from './big-endian-writer';
import type { StreamDevice, StreamField } from './qemu-stream';
import type { CoreRegisters } from './register-notes';

const GENERAL = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');

/**
 * The `cpu` section of a processor: vmstate_x86_cpu of QEMU 2.9 up to kernelgsbase, then a few more bytes and a
 * subsection. `word` is 8 for qemu-system-x86_64 and 4 for qemu-system-i386.
 */
export function cpuDevice(registers: CoreRegisters, instance = 0, word: 4 | 8 = 8): StreamDevice {
  const value = (name: string): bigint => registers[name] ?? 0n;
  const number = (name: string, size: number, register: string): StreamField =>
    field(name, size, [value(register)]);
  const zeros = (name: string, size: number, count = 1): StreamField => {
    return { name, size, bytes: new Uint8Array(size * count) };
  };
  const segments = (name: string, names: string): StreamField =>
    segmentField(name, names.split(' '), value, word);
  const general = GENERAL.slice(0, word === 8 ? 16 : 8);
  const fields = [
    field('env.regs', word, general.map(value)),
    number('env.eip', word, 'rip'),
    number('env.eflags', word, 'rflags'),
    zeros('env.hflags', 4),
    ...['env.fpuc', 'env.fpus_vmstate', 'env.fptag_vmstate', 'env.fpregs_format_vmstate'].map((name) =>
      zeros(name, 2),
    ),
    zeros('env.fpregs', 10, 8),
    segments('env.segs', 'es cs ss ds fs gs'),
    segments('env.ldt', 'ldtr'),
    segments('env.tr', 'tr'),
    segments('env.gdt', 'gdtr'),
    segments('env.idt', 'idtr'),
    number('env.sysenter_cs', 4, 'sysenter_cs'),
    number('env.sysenter_esp', word, 'sysenter_esp'),
    number('env.sysenter_eip', word, 'sysenter_eip'),
    ...[0, 2, 3, 4].map((index) => number(`env.cr[${index}]`, word, `cr${index}`)),
    zeros('env.dr', word, 8),
    zeros('env.a20_mask', 4),
    zeros('env.mxcsr', 4),
    zeros('env.xmm_regs[0]', 16, general.length),
    ...(word === 8 ? ['efer', 'star', 'lstar', 'cstar', 'fmask'] : []).map((name) =>
      number(`env.${name}`, 8, name),
    ),
    ...(word === 8 ? [number('env.kernelgsbase', 8, 'kernel_gs_base')] : []),
    zeros('env.smbase', 4),
  ];
  const subsections = [{ name: 'cpu/msr_smi_count', fields: [zeros('env.msr_smi_count', 8)] }];
  return { name: 'cpu', instance, version: 12, fields, subsections };
}

/**
 * The clock with the CMOS, where the machine's firmware finds how much memory there is below and above 4 GiB.
 */
export function rtcDevice(below: number, above: number): StreamDevice {
  const cmos = new Uint8Array(128);
  const put = (at: number, count: number, units: number): void => {
    for (let index = 0; index < count; index += 1) cmos[at + index] = Math.floor(units / 256 ** index) & 0xff;
  };
  put(0x34, 2, (below - 16 * 1024 * 1024) / 65536);
  put(0x5b, 3, above / 65536);
  const fields = [
    { name: 'cmos_data', size: 128, bytes: cmos },
    { name: 'cmos_index', size: 1, bytes: new Uint8Array(1) },
  ];
  return { name: 'mc146818rtc', version: 3, fields };
}

function field(name: string, size: number, values: readonly bigint[]): StreamField {
  const out = new BigEndianWriter();
  for (const value of values) {
    if (size === 8) out.u64(value);
    else out.u32(value);
  }
  return { name, size, bytes: out.finish() };
}

function segmentField(
  name: string,
  names: readonly string[],
  value: (register: string) => bigint,
  word: 4 | 8,
): StreamField {
  const out = new BigEndianWriter();
  for (const segment of names) {
    out.u32(value(segment));
    if (word === 8) out.u64(value(`${segment}_base`));
    else out.u32(value(`${segment}_base`));
    out.u32(value(`${segment}_limit`)).u32(value(`${segment}_flags`));
  }
  const members = [
    ['selector', 4],
    ['base', word],
    ['limit', 4],
    ['flags', 4],
  ] as const;
  return { name, size: 12 + word, bytes: out.finish(), members };
}
