/** A symbol that the writer is to write. */
export interface WrittenSymbol {
  readonly name: string;
  readonly type: string;
  readonly address: bigint;
}

/** How the tables are laid out and the addresses written, by what Linux scripts/kallsyms.c printed over the years. */
export interface KallsymsForm {
  /** `before`: addresses, base, number, names, markers (up to v6.3); `behind`: the addresses after the tokens. */
  readonly order: 'before' | 'behind';
  readonly encoding: 'absolute' | 'base-relative' | 'percpu-absolute' | 'place-relative';
  readonly wordSize: 4 | 8;
  /** Bytes of a marker and of the number of symbols: a word until v4.20, 4 since. */
  readonly numberSize: 4 | 8;
  /** The alignment of tables: a word, or 4 in newer kernels. */
  readonly alignment: 4 | 8;
  /** Where the 3 bytes for each symbol sorted by name are, if anywhere. */
  readonly sequence: 'none' | 'between' | 'last';
}

/** The written tables, and their places. */
export interface WrittenKallsyms {
  readonly bytes: Uint8Array;
  /** Virtual address of each table, by the name that the kernel has for it without `kallsyms_`. */
  readonly tables: Readonly<Record<string, bigint>>;
}

const WORDS = [
  'init',
  'task',
  'sys_',
  'page',
  'vm_',
  'net',
  'lock',
  '_get',
  'ext4',
  'ion',
  'st',
  'er',
  'D_',
  't_',
];

/** Writes the tables of kallsyms to lie at a virtual address. The symbols are ascending by their addresses. */
export function writeKallsyms(
  symbols: readonly WrittenSymbol[],
  form: KallsymsForm,
  at: bigint,
): WrittenKallsyms {
  const tokens = chooseTokens(symbols);
  const compressed = symbols.map(({ type, name }) => compress(type + name, tokens));
  const out = new TableWriter(at, form);
  const relativeBase = symbols.find(({ address }) => address > 0xffffffn)?.address ?? 0n;
  const addresses = () => writeAddresses(out, symbols, form, relativeBase);
  if (form.order === 'before') addresses();
  out.begin('num_syms');
  out.integer(BigInt(symbols.length), form.numberSize);
  out.begin('names');
  const markers: number[] = [];
  for (const [index, codes] of compressed.entries()) {
    if (index % 256 === 0) markers.push(out.since('names'));
    out.raw(codes.length < 0x80 ? [codes.length] : [(codes.length & 0x7f) | 0x80, codes.length >> 7]);
    out.raw(codes);
  }
  out.begin('markers');
  for (const marker of markers) out.integer(BigInt(marker), form.numberSize);
  if (form.sequence === 'between') writeSequence(out, symbols);
  writeTokens(out, tokens);
  if (form.order === 'behind') addresses();
  if (form.sequence === 'last') writeSequence(out, symbols);
  return { bytes: out.done(), tables: out.tables };
}

/** Characters stand for themselves; codes that no name uses stand for common pieces, from the last code down. */
function chooseTokens(symbols: readonly WrittenSymbol[]): string[] {
  const used = new Set(symbols.flatMap(({ type, name }) => [...type, ...name]));
  for (const digit of '0123456789') used.add(digit);
  const words = [...WORDS];
  const tokens = Array.from({ length: 256 }, () => '');
  for (let code = 255; code >= 0; code -= 1) {
    const own = String.fromCharCode(code);
    tokens[code] = used.has(own) ? own : (words.pop() ?? '');
  }
  return tokens;
}

function compress(text: string, tokens: readonly string[]): number[] {
  const codes: number[] = [];
  for (let at = 0; at < text.length; ) {
    let best = text.charCodeAt(at);
    for (const [code, token] of tokens.entries()) {
      if (token.length > (tokens[best]?.length ?? 0) && text.startsWith(token, at)) best = code;
    }
    codes.push(best);
    at += tokens[best]?.length ?? 1;
  }
  return codes;
}

function writeTokens(out: TableWriter, tokens: readonly string[]): void {
  out.begin('token_table');
  const starts: number[] = [];
  for (const token of tokens) {
    starts.push(out.since('token_table'));
    out.raw([...new TextEncoder().encode(token), 0]);
  }
  out.begin('token_index');
  for (const start of starts) out.raw([start & 0xff, start >> 8]);
}

function writeSequence(out: TableWriter, symbols: readonly WrittenSymbol[]): void {
  out.begin('seqs_of_names');
  const order = symbols.map((_, index) => index);
  order.sort((one, other) => ((symbols[one]?.name ?? '') < (symbols[other]?.name ?? '') ? -1 : 1));
  for (const index of order) out.raw([index >> 16, (index >> 8) & 0xff, index & 0xff]);
}

function writeAddresses(
  out: TableWriter,
  symbols: readonly WrittenSymbol[],
  { encoding, wordSize }: KallsymsForm,
  base: bigint,
): void {
  out.begin(encoding === 'absolute' ? 'addresses' : 'offsets');
  for (const { address } of symbols) {
    if (encoding === 'absolute') out.integer(address, wordSize);
    else if (encoding === 'place-relative') out.integer(address - out.here, 4);
    else if (encoding === 'base-relative') out.integer(address - base, 4);
    else out.integer(address < base ? address : base - 1n - address, 4);
  }
  if (encoding === 'place-relative' || encoding === 'absolute') return;
  out.begin('relative_base');
  out.integer(base, wordSize);
}

/** Puts down one table after the other. */
class TableWriter {
  readonly tables: Record<string, bigint> = {};
  private readonly at: bigint;
  private readonly alignment: number;
  private readonly bytes: number[] = [];

  constructor(at: bigint, { alignment }: KallsymsForm) {
    this.at = at;
    this.alignment = alignment;
  }

  get here(): bigint {
    return this.at + BigInt(this.bytes.length);
  }

  begin(table: string): void {
    while (this.bytes.length % this.alignment !== 0) this.bytes.push(0);
    this.tables[table] = this.here;
  }

  since(table: string): number {
    return Number(this.here - (this.tables[table] ?? this.at));
  }

  integer(value: bigint, size: number): void {
    for (let byte = 0; byte < size; byte += 1) this.bytes.push(Number((value >> BigInt(byte * 8)) & 0xffn));
  }

  raw(bytes: readonly number[]): void {
    for (const byte of bytes) this.bytes.push(byte);
  }

  done(): Uint8Array {
    return Uint8Array.from(this.bytes);
  }
}
