import { type FakePhysicalMemory, PageTableBuilder } from '../fake-memory/index';
import {
  type KallsymsForm,
  type WrittenKallsyms,
  type WrittenSymbol,
  writeKallsyms,
} from './kallsyms-tables';

/** The features of a made-up kernel. */
export interface FakeImageOptions {
  readonly form: KallsymsForm;
  readonly paging: '4-level' | '5-level' | 'pae' | 'i386';
  /** Virtual address at which the image begins; a multiple of 4 MiB. */
  readonly textBase: bigint;
  /** Physical address of it; a multiple of 4 MiB. */
  readonly physical: number;
  /** How many symbols there are besides those that tests ask for. */
  readonly symbols?: number;
  readonly commandLine?: string;
}

/** A made-up kernel in a fake memory: code, then read-only data with kallsyms, then its page tables and data. */
export interface FakeImage {
  readonly memory: FakePhysicalMemory;
  readonly builder: PageTableBuilder;
  readonly symbols: readonly WrittenSymbol[];
  readonly kallsyms: WrittenKallsyms;
  readonly textBase: bigint;
}

const PIECE = 0x400000;
const NO_EXECUTE = 1n << 63n;
/** Where in the last piece the variables are. */
const VARIABLES = 0x200000;

/** Writes a kernel into a memory, which may hold another one already. */
export function writeFakeImage(memory: FakePhysicalMemory, options: FakeImageOptions): FakeImage {
  const { form, paging, textBase, physical, commandLine = 'console=ttyS0' } = options;
  const tablesAt = physical + 2 * PIECE;
  const builder = new PageTableBuilder(memory, paging, tablesAt);
  const pageSize = paging === 'i386' ? PIECE : PIECE / 2;
  for (let at = 0; at < 3 * PIECE; at += pageSize) {
    const flags = paging.endsWith('level') && at >= PIECE ? NO_EXECUTE : 0n;
    builder.map(textBase + BigInt(at), physical + at, pageSize, flags);
  }
  // The fixed mappings at the end of the address space.
  if (form.wordSize === 8) builder.map(0xffffffffff5ff000n, physical);
  const data = textBase + BigInt(2 * PIECE);
  const symbols = makeSymbols(options, data);
  // Not at a page's start, and across the end of a large page.
  const rodata = BigInt(PIECE + 0x1ff840);
  const kallsyms = writeKallsyms(symbols, form, textBase + rodata);
  memory.setPage(physical / 4096);
  memory.write(physical + Number(rodata), kallsyms.bytes);
  const variables = physical + 2 * PIECE + VARIABLES;
  memory.writeWord(variables, data + BigInt(VARIABLES + 64), form.wordSize);
  memory.write(variables + 64, new TextEncoder().encode(`${commandLine}\0`));
  return { memory, builder, symbols, kallsyms, textBase };
}

function makeSymbols({ form, textBase, symbols = 1500 }: FakeImageOptions, data: bigint): WrittenSymbol[] {
  const percpu =
    form.encoding === 'percpu-absolute' ? [{ name: '__per_cpu_start', type: 'A', address: 0n }] : [];
  const named = (index: number): WrittenSymbol => ({
    name:
      index === 700
        ? `very_${'long_'.repeat(60)}name`
        : `${['init_task', 'sys_page', 'ext4_lock'][index % 3]}_${index}`,
    type: index % 2 === 0 ? 'T' : 't',
    address: textBase + BigInt(16 * (index + 1)),
  });
  return [
    ...percpu,
    { name: '_text', type: 'T', address: textBase },
    { name: '_stext', type: 'T', address: textBase },
    ...Array.from({ length: symbols }, (_, index) => named(index)),
    { name: form.wordSize === 8 ? 'init_top_pgt' : 'swapper_pg_dir', type: 'D', address: data },
    { name: 'twice', type: 'd', address: data + 8n },
    { name: 'twice', type: 'd', address: data + 16n },
    { name: 'saved_command_line', type: 'B', address: data + BigInt(VARIABLES) },
  ];
}

/** The forms that kernels have had, by the version that came with them. */
export const KALLSYMS_FORMS: Readonly<Record<string, KallsymsForm>> = {
  'v4.6, absolute': {
    order: 'before',
    encoding: 'absolute',
    wordSize: 8,
    numberSize: 8,
    alignment: 8,
    sequence: 'none',
  },
  'v4.6': {
    order: 'before',
    encoding: 'percpu-absolute',
    wordSize: 8,
    numberSize: 8,
    alignment: 8,
    sequence: 'none',
  },
  'v4.20': {
    order: 'before',
    encoding: 'percpu-absolute',
    wordSize: 8,
    numberSize: 4,
    alignment: 8,
    sequence: 'none',
  },
  'v4.20, one processor': {
    order: 'before',
    encoding: 'base-relative',
    wordSize: 8,
    numberSize: 4,
    alignment: 8,
    sequence: 'none',
  },
  'v6.2': {
    order: 'before',
    encoding: 'percpu-absolute',
    wordSize: 8,
    numberSize: 4,
    alignment: 8,
    sequence: 'between',
  },
  'v6.4': {
    order: 'behind',
    encoding: 'percpu-absolute',
    wordSize: 8,
    numberSize: 4,
    alignment: 8,
    sequence: 'last',
  },
  'v6.4, absolute': {
    order: 'behind',
    encoding: 'absolute',
    wordSize: 8,
    numberSize: 4,
    alignment: 8,
    sequence: 'last',
  },
  'v6.15': {
    order: 'behind',
    encoding: 'base-relative',
    wordSize: 8,
    numberSize: 4,
    alignment: 8,
    sequence: 'last',
  },
  'v7.2': {
    order: 'behind',
    encoding: 'place-relative',
    wordSize: 8,
    numberSize: 4,
    alignment: 4,
    sequence: 'last',
  },
  'v5.10, 32 bits': {
    order: 'before',
    encoding: 'base-relative',
    wordSize: 4,
    numberSize: 4,
    alignment: 4,
    sequence: 'none',
  },
  'v6.4, 32 bits': {
    order: 'behind',
    encoding: 'base-relative',
    wordSize: 4,
    numberSize: 4,
    alignment: 4,
    sequence: 'last',
  },
  'v7.2, 32 bits': {
    order: 'behind',
    encoding: 'place-relative',
    wordSize: 4,
    numberSize: 4,
    alignment: 4,
    sequence: 'last',
  },
};
