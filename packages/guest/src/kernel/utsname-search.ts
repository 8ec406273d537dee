import {
  attempt,
  decodeCString,
  offsetAddress,
  readPartial,
  type VirtualAddress,
  type VirtualMemory,
} from '@osi-linux/core';
import { type Kernel, readUtsname, type Utsname } from '@osi-linux/kstruct';
import { eachImagePage, indexOfBytes } from './image-page';

/** `new_utsname.sysname`, with its NUL. */
const SYSNAME = new TextEncoder().encode('Linux\0');
/** Bytes of each text of `struct new_utsname` (__NEW_UTS_LEN + 1, include/uapi/linux/utsname.h). */
const FIELD_SIZE = 65;
/** sysname, nodename, release, version, machine. */
const FIELDS = 5;
const SHAPES: Readonly<Record<number, RegExp>> = {
  0: /^Linux$/,
  2: /^\d+\.\d+\S*$/,
  3: /^#\d/,
  4: /^[a-z]\w+$/,
};

/**
 * `init_uts_ns` in a kernel's image by its shape, for a profile without its address: five texts of 65 bytes each, the
 * rest of each zero. Nothing that a program writes to the kernel log has NULs inside.
 */
export function findUtsname(memory: VirtualMemory, inImage: VirtualAddress): Utsname | undefined {
  for (const { address, bytes } of eachImagePage(memory, inImage)) {
    for (let hit = indexOfBytes(bytes, SYSNAME, 0); hit >= 0; hit = indexOfBytes(bytes, SYSNAME, hit + 1)) {
      const found = utsnameAt(memory, offsetAddress(address, hit));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** `init_uts_ns` of a kernel by the keys of its profile, else by its shape near `init_task`. */
export function findKernelUtsname(kernel: Kernel): Utsname | undefined {
  const init = kernel.info['task.init_addr'];
  return attempt(
    () => readUtsname(kernel),
    () => (init === undefined ? undefined : findUtsname(kernel.memory, init)),
  );
}

function utsnameAt(memory: VirtualMemory, address: VirtualAddress): Utsname | undefined {
  const { bytes } = readPartial(memory, address, FIELDS * FIELD_SIZE);
  if (bytes.length < FIELDS * FIELD_SIZE) return undefined;
  const fields = Array.from({ length: FIELDS }, (_, index) =>
    bytes.subarray(index * FIELD_SIZE, (index + 1) * FIELD_SIZE),
  );
  const texts = fields.map((field) => decodeCString(field));
  const fits = Object.entries(SHAPES).every(
    ([index, shape]) => shape.test(texts[Number(index)] ?? '') && isPadded(fields[Number(index)] ?? bytes),
  );
  const [, , release = '', version = '', machine = ''] = texts;
  return fits ? { release, version, machine } : undefined;
}

function isPadded(field: Uint8Array): boolean {
  const end = field.indexOf(0);
  return end >= 0 && field.subarray(end).every((byte) => byte === 0);
}
