import type { Cpu, X86Register } from '@osi-linux/core';
import {
  CONTROL,
  CONTROL_AT,
  GENERAL,
  KERNEL_GS_BASE_AT,
  PRSTATUS_32,
  PRSTATUS_64,
  SEGMENT_SIZE,
  SEGMENTS,
  SEGMENTS_AT,
  TABLES,
} from './cpu-notes';

/** QEMU's struct QEMUCPUState, version 1, with kernel_gs_base; unknown fields of it are zero. */
export function encodeQemuNote({ registers }: Cpu): Uint8Array {
  const size = KERNEL_GS_BASE_AT + 8;
  const view = new DataView(new ArrayBuffer(size));
  const put = (at: number, name: X86Register | '', bytes: 4 | 8): void =>
    putWord(view, at, name === '' ? undefined : registers[name], bytes);
  view.setUint32(0, 1, true);
  view.setUint32(4, size, true);
  for (const [index, name] of GENERAL.entries()) put(8 + index * 8, name, 8);
  for (const [index, name] of [...SEGMENTS, ...TABLES].entries()) {
    const at = SEGMENTS_AT + index * SEGMENT_SIZE;
    put(at + 4, `${name}_limit`, 4);
    if (name !== 'gdtr' && name !== 'idtr') {
      put(at, name, 4);
      put(at + 8, `${name}_flags`, 4);
    }
    put(at + 16, `${name}_base`, 8);
  }
  for (const [index, name] of CONTROL.entries()) put(CONTROL_AT + index * 8, name, 8);
  put(KERNEL_GS_BASE_AT, 'kernel_gs_base', 8);
  return new Uint8Array(view.buffer);
}

/** `struct elf_prstatus` with the general registers; the number of the processor, from 1, is its pid. */
export function encodeStatusNote(
  { index, registers }: Cpu,
  machine: 'x86_64' | 'i386' | undefined,
): Uint8Array {
  const layout = machine === 'i386' ? PRSTATUS_32 : PRSTATUS_64;
  const view = new DataView(new ArrayBuffer(layout.size));
  const wordSize = layout === PRSTATUS_32 ? 4 : 8;
  // pr_pid and three other ids, then four timevals, come before the registers.
  view.setUint32(layout.at - 16 - 8 * wordSize, index + 1, true);
  for (const [word, name] of layout.names.entries()) {
    if (name !== '') putWord(view, layout.at + word * wordSize, registers[name], wordSize);
  }
  return new Uint8Array(view.buffer);
}

function putWord(view: DataView, at: number, value: bigint | undefined, bytes: 4 | 8): void {
  if (bytes === 8) view.setBigUint64(at, value ?? 0n, true);
  else view.setUint32(at, Number(BigInt.asUintN(32, value ?? 0n)), true);
}
