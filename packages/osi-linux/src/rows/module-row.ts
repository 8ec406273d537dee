import type { SkippedLog, VirtualAddress } from '@osi-linux/core';
import { eachModule, type Kernel } from '@osi-linux/kstruct';

/** A loaded module of the kernel, as `/proc/modules` shows it. `null` if a field could not be read. */
export interface LinuxModule {
  /** Its name. */
  readonly name: string;
  /** First address of its code, virtual. */
  readonly base: VirtualAddress | null;
  /** Bytes of all of its memory. */
  readonly size: number | null;
  /** Address of its `struct module`, virtual. */
  readonly modd: VirtualAddress;
}

/** Reads the loaded modules, the newest first. @throws OsiError where the list cannot be walked at all. */
export function readModules(kernel: Kernel, skipped: SkippedLog): LinuxModule[] {
  const rows: LinuxModule[] = [];
  for (const module of eachModule(kernel, skipped)) {
    if (module.isUnformed) continue;
    const { name, address: modd } = module;
    const field = <Value>(field: string, read: () => Value) =>
      skipped.attempt(() => ({ kind: 'module', name, address: modd, field }), read);
    const base = field('base', () => module.base);
    const size = field('size', () => module.size);
    rows.push({ name, base, size, modd });
  }
  return rows;
}
