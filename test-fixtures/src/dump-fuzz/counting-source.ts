/** The source of a dump: the shape of the memory package's `ByteSource`. */
export interface FuzzSource {
  readonly name: string;
  readonly size: number;
  read(position: number, into: Uint8Array): number;
  close(): void;
  beside?(name: string): FuzzSource | undefined;
}

/** How much may be read of a source. */
export interface ReadBudget {
  readonly reads: number;
  readonly bytes: number;
}

/** A source over bytes that counts its reads, and ends an opening that reads without end. */
export class CountingSource implements FuzzSource {
  readonly name: string;
  readonly size: number;
  reads = 0;
  bytesRead = 0;
  private readonly bytes: Uint8Array;
  private readonly budget: ReadBudget;
  private readonly files: Readonly<Record<string, Uint8Array>>;

  constructor(
    name: string,
    bytes: Uint8Array,
    budget: ReadBudget,
    files: Readonly<Record<string, Uint8Array>> = {},
  ) {
    this.name = name;
    this.size = bytes.length;
    this.bytes = bytes;
    this.budget = budget;
    this.files = files;
  }

  read(position: number, into: Uint8Array): number {
    this.reads += 1;
    this.bytesRead += into.length;
    if (this.reads > this.budget.reads) throw new RangeError(`more than ${this.budget.reads} reads`);
    if (this.bytesRead > this.budget.bytes) throw new RangeError(`more than ${this.budget.bytes} bytes read`);
    const known = Number.isSafeInteger(position) && position >= 0;
    if (!known) throw new RangeError(`a read at ${position}`);
    const part = this.bytes.subarray(position, position + into.length);
    into.set(part);
    return part.length;
  }

  close(): void {
    // Nothing is held open.
  }

  beside(name: string): FuzzSource | undefined {
    const bytes = Object.hasOwn(this.files, name) ? this.files[name] : undefined;
    return bytes && new CountingSource(name, bytes, this.budget);
  }
}
