/** The kernel's VMCOREINFO note as text, by its keys: `SYMBOL(swapper_pg_dir)`. */
export interface Vmcoreinfo {
  /** A value that the kernel writes in hex. */
  address(key: string): bigint | undefined;
  /** A value that the kernel writes as a signed decimal number. */
  signed(key: string): bigint | undefined;
}

/** Reads the lines `KEY=VALUE` of a VMCOREINFO note (kernel/vmcore_info.c). */
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
    address: (key) => parse(key, /^[0-9a-f]{1,16}$/i, '0x'),
    signed: (key) => {
      const value = values.get(key);
      return value !== undefined && /^-?[0-9]{1,19}$/.test(value) ? BigInt(value) : undefined;
    },
  };
}
