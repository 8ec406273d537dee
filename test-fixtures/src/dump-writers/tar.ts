/** A file of a tar archive. */
export interface TarMember {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** How a size is written: in the header as octal digits, as GNU tar does above 8 GiB, or in a pax record. */
export type TarSizes = 'octal' | 'base-256' | 'pax';

const BLOCK = 512;

/** Writes a tar archive, by POSIX.1-2017, "pax - portable archive interchange". */
export function writeTar(members: readonly TarMember[], sizes: TarSizes): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { name, bytes } of members) {
    if (sizes === 'pax') {
      const record = new TextEncoder().encode(paxRecord('size', String(bytes.length)));
      parts.push(header('PaxHeader', 'x', record.length, 'octal'), padded(record));
    }
    parts.push(header(name, '0', bytes.length, sizes), padded(bytes));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function header(name: string, type: string, size: number, sizes: TarSizes): Uint8Array {
  const bytes = new Uint8Array(BLOCK);
  const put = (at: number, text: string): void => bytes.set(new TextEncoder().encode(text), at);
  put(0, name);
  put(100, '0000644\0');
  put(108, '0000000\0');
  put(116, '0000000\0');
  put(136, '00000000000\0');
  if (sizes === 'base-256') {
    bytes[124] = 0x80;
    new DataView(bytes.buffer).setBigUint64(128, BigInt(size));
  } else {
    put(124, `${(sizes === 'pax' ? 0 : size).toString(8).padStart(11, '0')}\0`);
  }
  put(156, type);
  put(257, 'ustar\0');
  put(263, '00');
  put(148, '        ');
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return bytes;
}

/** "LENGTH KEY=VALUE\n", where the length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length;
  while (String(length).length + rest.length !== length) length += 1;
  return `${length}${rest}`;
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / BLOCK) * BLOCK);
  whole.set(bytes);
  return whole;
}
