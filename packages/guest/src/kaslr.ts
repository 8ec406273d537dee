import type { VirtualMemory } from '@osi-linux/core';

/** Where an x86_64 image is linked to start: __START_KERNEL_map + CONFIG_PHYSICAL_START, 16 MiB on distributions. */
const LINKED_TEXT = 0xffffffff81000000n;
/** The image moves by multiples of CONFIG_PHYSICAL_ALIGN, 2 MiB, inside KERNEL_IMAGE_SIZE, 1 GiB. */
const STEP = 0x200000n;
const WINDOW_END = 0xffffffffc0000000n;

/**
 * By how many bytes KASLR has moved the kernel's image, or `undefined` where its start is not to be found.
 *
 * The first page that is mapped in the image's window is `_text`: everything else there was unmapped at boot
 * (`cleanup_highmap`, arch/x86/mm/init_64.c).
 */
export function findKaslrShift(memory: VirtualMemory): bigint | undefined {
  if (memory.architecture.wordSize !== 8) return undefined;
  for (let at = LINKED_TEXT; at < WINDOW_END; at += STEP) {
    if (memory.translate(at) !== undefined) return at - LINKED_TEXT;
  }
  return undefined;
}
