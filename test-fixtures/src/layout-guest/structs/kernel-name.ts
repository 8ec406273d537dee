import type { GuestMemory } from '../guest-memory';
import { GuestStruct } from './guest-struct';

/** Bytes of each name of `new_utsname`: include/uapi/linux/utsname.h. */
const NAME_SIZE = 65;

/** Writes the kernel's own names where the section knows them. */
export function writeKernelName(memory: GuestMemory): void {
  const { keys } = memory;
  if (!keys.has('uts.init_addr', 'uts.name_offset')) return;
  const { release, version, machine } = keys.kernelName;
  const names = new GuestStruct(memory, keys.address('uts.init_addr')).at('uts.name_offset');
  for (const [index, name] of ['Linux', 'layout', release, version, machine].entries())
    memory.writeBytes(names + BigInt(index * NAME_SIZE), new TextEncoder().encode(name));
}
