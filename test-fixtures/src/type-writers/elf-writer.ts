/** A section of an ELF file to be written. */
export interface WrittenSection {
  readonly name: string;
  /** SHT_PROGBITS is 1, SHT_SYMTAB 2, SHT_NOBITS 8. */
  readonly type: number;
  /** SHF_ALLOC is 2, SHF_EXECINSTR 4. */
  readonly flags?: number;
  readonly address?: bigint;
  readonly link?: number;
  readonly bytes: Uint8Array;
}

const text = new TextEncoder();

/** An ELF file of 64 bits, executable, with sections of the given bytes; the last one has their names. */
export function writeElf(sections: readonly WrittenSection[], machine = 62): Uint8Array {
  const names = `\0${[...sections.map(({ name }) => name), '.shstrtab'].join('\0')}\0`;
  const all: WrittenSection[] = [...sections, { name: '.shstrtab', type: 3, bytes: text.encode(names) }];
  const size = 64 + all.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const whole = new Uint8Array(size + (all.length + 1) * 64);
  const view = new DataView(whole.buffer);
  whole.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, machine, true);
  view.setBigUint64(40, BigInt(size), true);
  for (const [at, value] of [
    [58, 64],
    [60, all.length + 1],
    [62, all.length],
  ] as const)
    view.setUint16(at, value, true);
  let at = 64;
  for (const [index, { name, type, flags = 0, address = 0n, link = 0, bytes }] of all.entries()) {
    const header = size + (index + 1) * 64;
    whole.set(bytes, at);
    view.setUint32(header, names.indexOf(`\0${name}\0`) + 1, true);
    view.setUint32(header + 4, type, true);
    view.setBigUint64(header + 8, BigInt(flags), true);
    view.setBigUint64(header + 16, address, true);
    view.setBigUint64(header + 24, BigInt(at), true);
    view.setBigUint64(header + 32, BigInt(bytes.length), true);
    view.setUint32(header + 40, link, true);
    at += bytes.length;
  }
  return whole;
}

/** Bytes as a file that is read in parts. */
export function fileOf(bytes: Uint8Array): {
  size: number;
  read: (position: number, into: Uint8Array) => number;
} {
  return {
    size: bytes.length,
    read: (position, into) => {
      const part = bytes.subarray(position, position + into.length);
      into.set(part);
      return part.length;
    },
  };
}
