import { decodeText, type PhysicalAddress, type PhysicalMemory } from '@osi-linux/core';
import { readPhysical } from '../internal/physical-bytes';

/** The kernel's VMCOREINFO note as text, by its keys: `SYMBOL(swapper_pg_dir)`. */
export interface Vmcoreinfo {
  /** A value as it is written. */
  text(key: string): string | undefined;
  /** A value that the kernel writes in hex. */
  address(key: string): bigint | undefined;
  /** A value that the kernel writes as a signed decimal number. */
  signed(key: string): bigint | undefined;
}

/**
 * Reads the lines `KEY=VALUE` of a VMCOREINFO note (Linux `kernel/vmcore_info.c`).
 *
 * A line without `=` is passed over; of a key that is there twice the last line counts.
 *
 * @example
 * ```ts
 * const note = parseVmcoreinfo('SYMBOL(_stext)=ffffffff81000000\nNUMBER(phys_base)=-679477248\n');
 * note.address('SYMBOL(_stext)') // => 0xffffffff81000000n
 * note.signed('NUMBER(phys_base)') // => -679477248n
 * note.text('OSRELEASE') // => undefined
 * ```
 */
export function parseVmcoreinfo(text: string): Vmcoreinfo {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=');
    if (equals > 0) values.set(line.slice(0, equals), line.slice(equals + 1).trim());
  }
  const parse = (key: string, form: RegExp, prefix: string) => {
    const value = values.get(key);
    return value !== undefined && form.test(value) ? BigInt(prefix + value) : undefined;
  };
  return {
    text: (key) => values.get(key),
    address: (key) => parse(key, /^[0-9a-f]{1,16}$/i, '0x'),
    signed: (key) => parse(key, /^-?[0-9]{1,19}$/, ''),
  };
}

/** A VMCOREINFO note in memory. */
export interface FoundVmcoreinfo {
  /** Physical address of the note's header. */
  readonly at: PhysicalAddress;
  /** Its text. */
  readonly text: string;
}

// Linux include/linux/crash_core.h: VMCOREINFO_BYTES is a page. More is allowed for, in case that it grows.
const LONGEST_TEXT = 65536;
/** Header of an ELF note (Elf64_Nhdr: name size, text size, type), then the name, padded to 12 bytes. */
const HEADER_BYTES = 24;
/** Where in a note its name stands: behind the header's three words. */
export const VMCOREINFO_NAME_OFFSET = 12;
const NAME_SIZE = 11;
/** The name of a note, padded to a multiple of 4 bytes. */
export const VMCOREINFO_NAME = new TextEncoder().encode('VMCOREINFO\0\0');

/**
 * The VMCOREINFO note whose header is at a physical address, or `undefined` if none is there.
 *
 * @example
 * ```ts
 * declare const dump: Dump;
 * readVmcoreinfoNote(dump.memory, 0x1000) // => undefined
 * ```
 */
export function readVmcoreinfoNote(memory: PhysicalMemory, at: PhysicalAddress): FoundVmcoreinfo | undefined {
  if (at < 0) return undefined;
  const header = readPhysical(memory, at, HEADER_BYTES);
  if (header === undefined) return undefined;
  const view = new DataView(header.buffer);
  const length = view.getUint32(4, true);
  const named = VMCOREINFO_NAME.every((byte, index) => header[VMCOREINFO_NAME_OFFSET + index] === byte);
  const headed = view.getUint32(0, true) === NAME_SIZE && view.getUint32(8, true) === 0;
  if (!named || !headed || length < 16 || length > LONGEST_TEXT) return undefined;
  const bytes = readPhysical(memory, at + HEADER_BYTES, length);
  if (bytes === undefined) return undefined;
  const text = decodeText(bytes);
  return text.startsWith('OSRELEASE=') && !text.includes('\0') ? { at, text } : undefined;
}
