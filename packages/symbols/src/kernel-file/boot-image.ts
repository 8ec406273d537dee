import { OsiError } from '@osi-linux/core';
import type { FileBytes } from './file-bytes';

/** A bootable image of an x86 kernel, `vmlinuz` or bzImage. */
export interface BootImage {
  /** Where the compressed kernel begins in the file. */
  readonly payloadAt: number;
  /** Bytes of it. */
  readonly payloadSize: number;
  /** Version of the boot protocol, `0x20f` for 2.15. */
  readonly protocol: number;
}

// Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header".
const SETUP_SECTS = 0x1f1;
const BOOT_FLAG = 0x1fe;
const HEADER = 0x202;
const VERSION = 0x206;
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_LENGTH = 0x24c;
const HEAD = 0x250;
const HDRS = 0x53726448;
const SECTOR = 512;
/** The first protocol that gives the offset of the payload, since v2.6.26. */
const WITH_PAYLOAD = 0x208;

/**
 * Finds the compressed kernel in a boot image, by its setup header; `undefined` for any other file.
 *
 * The first bytes of the payload show how it is packed. All packings but gzip have the unpacked size in 4
 * bytes behind them, which are part of the payload.
 *
 * @throws OsiError `BOOT_IMAGE_MALFORMED` where the header is of a protocol before 2.08, which does not tell, or the
 * payload would lie outside of the file.
 *
 * @example
 * ```ts
 * findBootImage({ size: 0, read: () => 0 }) // => undefined
 * ```
 */
export function findBootImage(file: FileBytes): BootImage | undefined {
  const head = new Uint8Array(HEAD);
  if (file.read(0, head) < HEAD) return undefined;
  const view = new DataView(head.buffer);
  if (view.getUint16(BOOT_FLAG, true) !== 0xaa55 || view.getUint32(HEADER, true) !== HDRS) return undefined;
  const protocol = view.getUint16(VERSION, true);
  if (protocol < WITH_PAYLOAD)
    throw malformed(`its boot protocol 0x${protocol.toString(16)} does not locate it`);
  // 0 stands for the 4 sectors of old boot loaders.
  const setup = (view.getUint8(SETUP_SECTS) || 4) + 1;
  const payloadAt = setup * SECTOR + view.getUint32(PAYLOAD_OFFSET, true);
  const payloadSize = view.getUint32(PAYLOAD_LENGTH, true);
  if (payloadSize === 0 || payloadAt + payloadSize > file.size) {
    throw malformed(`it would end at byte ${payloadAt + payloadSize} of ${file.size}`);
  }
  return { payloadAt, payloadSize, protocol };
}

function malformed(what: string): OsiError {
  return new OsiError('BOOT_IMAGE_MALFORMED', `cannot find the kernel in the boot image: ${what}`, {
    hint: 'copy the image again, or extract the vmlinux with scripts/extract-vmlinux of the kernel sources',
  });
}
