import { decodeText } from '@osi-linux/core';
import { findPacking } from '@osi-linux/memory';

/**
 * The kind of a file with a kernel's types or symbols: its `vmlinux` or boot image,
 * `/sys/kernel/btf/vmlinux`, symbols for Volatility 3, a list of symbols; or any of these in gzip, zstd, xz
 * or bzip2.
 */
export type KernelFileKind = 'vmlinux' | 'boot-image' | 'btf' | 'isf' | 'symbols' | 'packed';

/** How many of the first bytes of a file are needed to recognise it. */
export const KERNEL_FILE_HEAD = 4096;

const ELF = [0x7f, 0x45, 0x4c, 0x46];
/** Executable, shared object: vmlinux is one or the other. Core files and modules are not kernels. */
const ELF_TYPES: ReadonlySet<number> = new Set([2, 3]);
const BTF = [0x9f, 0xeb, 0x01];
const BOOT_FLAG = [0x55, 0xaa];
const HDRS = [0x48, 0x64, 0x72, 0x53];
const JSON_OBJECT = /^\uFEFF?\s*\{\s*["}]/;
const SYMBOL = /^[0-9a-f]{8,16} [A-Za-z?!-] \S/;
const PACKED: ReadonlySet<unknown> = new Set(['gzip', 'zstd', 'xz', 'bzip2']);

/**
 * The kind of a file by its first bytes; {@link KERNEL_FILE_HEAD} of them are enough. `undefined` for a file
 * that is not a kernel file, such as a dump.
 *
 * @example
 * ```ts
 * findKernelFileKind(new TextEncoder().encode('ffffffff81000000 T _text\n')) // => 'symbols'
 * findKernelFileKind(new Uint8Array(4096)) // => undefined
 * ```
 */
export function findKernelFileKind(head: Uint8Array): KernelFileKind | undefined {
  if (isAt(head, 0, ELF)) return ELF_TYPES.has(head[16] ?? 0) ? 'vmlinux' : undefined;
  if (isAt(head, 0, BTF)) return 'btf';
  if (isAt(head, 0x1fe, BOOT_FLAG) && isAt(head, 0x202, HDRS)) return 'boot-image';
  if (PACKED.has(findPacking(head))) return 'packed';
  const text = decodeText(head.subarray(0, 512));
  if (JSON_OBJECT.test(text)) return 'isf';
  return SYMBOL.test(text) ? 'symbols' : undefined;
}

function isAt(bytes: Uint8Array, at: number, wanted: readonly number[]): boolean {
  return wanted.every((byte, index) => bytes[at + index] === byte);
}
