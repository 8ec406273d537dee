const IMAGE_OFFSET = /_offset$/;

/** The keys of one section of a `kernelinfo.conf`, as the layout of a kernel. */
export class SectionKeys {
  /** The name of the section. */
  readonly group: string;
  private readonly values: ReadonlyMap<string, string>;

  constructor(group: string, values: ReadonlyMap<string, string>) {
    this.group = group;
    this.values = values;
  }

  /** Whether the section has all of some keys. */
  has(...keys: readonly string[]): boolean {
    return keys.every((key) => this.values.has(key));
  }

  /** The text of a key. */
  text(key: string): string {
    const text = this.values.get(key);
    if (text === undefined) throw new Error(`[${this.group}] has no ${key}`);
    return text;
  }

  /** An offset, a size or a constant. */
  number(key: string): number {
    return Number(this.text(key));
  }

  /** The same; `undefined` if the section lacks the key. */
  findNumber(key: string): number | undefined {
    return this.has(key) ? this.number(key) : undefined;
  }

  /** An address, virtual. */
  address(key: string): bigint {
    return BigInt.asUintN(64, BigInt(this.text(key)));
  }

  /** Every address that is not 0, with its key. */
  get addresses(): readonly { readonly key: string; readonly address: bigint }[] {
    const keys = [...this.values.keys()].filter((key) => key.endsWith('_addr'));
    return keys.map((key) => ({ key, address: this.address(key) })).filter(({ address }) => address !== 0n);
  }

  /** The bytes from the start of a structure to behind the last member that the section knows of it. */
  sizeOf(...structures: readonly string[]): number {
    const offsets = [...this.values]
      .filter(([key]) => IMAGE_OFFSET.test(key) && structures.includes(key.slice(0, key.indexOf('.'))))
      .map(([, value]) => Number(value));
    return Math.max(0, ...offsets) + 64;
  }

  /** The three parts of `name`: the release, the version and the machine. */
  get kernelName(): { readonly release: string; readonly version: string; readonly machine: string } {
    const [release = '', version = '', machine = ''] = this.text('name').split('|');
    return { release, version, machine: machine.split(' ')[0] ?? '' };
  }

  /** Bytes of a word. */
  get wordSize(): 4 | 8 {
    return this.kernelName.machine === 'x86_64' ? 8 : 4;
  }
}

/** Reads the sections of a `kernelinfo.conf`: lines `key = value` below `[group]`. */
export function readSections(text: string): SectionKeys[] {
  const groups = new Map<string, Map<string, string>>();
  let values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const group = /^\[(.+)\]$/.exec(line)?.[1];
    if (group !== undefined) {
      values = new Map();
      groups.set(group, values);
    }
    const [, key, value] = /^([\w.]+) = (.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) values.set(key, value);
  }
  return [...groups].map(([group, keys]) => new SectionKeys(group, keys));
}
