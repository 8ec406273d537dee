import { FakeVirtualMemory } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import { type ModuleLayout, ModuleSymbols } from './module-symbols';

const LAYOUT: ModuleLayout = {
  ...{ list: 8, name: 24, nameSize: 56, kallsyms: 888 },
  ...{ symtab: 0, numSymtab: 8, strtab: 16, typetab: 24 },
};
const HEAD = 0xffffffff82000000n;

interface WrittenModule {
  readonly name: string;
  readonly symbols: readonly (readonly [name: string, type: string, address: bigint])[];
}

/** Writes modules as Linux lays them out on x86_64, each on pages of its own. */
function write(modules: readonly WrittenModule[]): { memory: FakeVirtualMemory; places: bigint[] } {
  const memory = new FakeVirtualMemory();
  const places = modules.map((_, index) => 0xffffffffc0000000n + BigInt(index) * 0x10000n);
  const links = [HEAD, ...places.map((at) => at + 8n)];
  for (const [index, link] of links.entries()) {
    memory.writeWord(link, links[(index + 1) % links.length] as bigint);
    memory.writeWord(link + 8n, links.at(index - 1) as bigint);
  }
  for (const [index, { name, symbols }] of modules.entries())
    writeModule(memory, places[index] as bigint, name, symbols);
  return { memory, places };
}

function writeModule(
  memory: FakeVirtualMemory,
  at: bigint,
  name: string,
  symbols: WrittenModule['symbols'],
): void {
  const [kallsyms, symtab, strtab, typetab] = [at + 0x400n, at + 0x1000n, at + 0x4ff0n, at + 0x3000n];
  memory.writeBytes(at + 24n, new TextEncoder().encode(`${name}\0`));
  memory.writeWord(at + 888n, kallsyms);
  memory.writeWord(kallsyms, symtab);
  memory.writeWord(kallsyms + 8n, BigInt(symbols.length + 1));
  memory.writeWord(kallsyms + 16n, strtab);
  memory.writeWord(kallsyms + 24n, typetab);
  let names = '\0';
  memory.writeBytes(symtab, new Uint8Array(24));
  for (const [index, [symbol, type, address]] of symbols.entries()) {
    const place = symtab + BigInt((index + 1) * 24);
    memory.writeWord(place, BigInt(names.length));
    memory.writeWord(place + 8n, address);
    memory.writeBytes(typetab + BigInt(index + 1), new TextEncoder().encode(type));
    names += `${symbol}\0`;
  }
  memory.writeBytes(strtab, new TextEncoder().encode(names));
}

const MODULES: WrittenModule[] = [
  {
    name: 'ext4',
    symbols: [
      ['ext4_init', 't', 0xffffffffc1000000n],
      ['', 'd', 0xffffffffc1000008n],
      [`long_${'n'.repeat(300)}`, 'b', 0xffffffffc1000010n],
      ['init_module', 't', 0xffffffffc1000020n],
    ],
  },
  { name: 'no_symbols', symbols: [] },
  { name: 'fuse', symbols: [['init_module', 'T', 0xffffffffc2000000n]] },
];

describe('ModuleSymbols', () => {
  it('has the symbols of every module that have a name, with their letters', () => {
    const symbols = new ModuleSymbols(write(MODULES).memory, LAYOUT, HEAD);
    const expected = MODULES.flatMap(({ name: module, symbols }) =>
      symbols.map(([name, type, address]) => ({ name, type, address, module })),
    );
    expect([...symbols.each()]).toEqual(expected.filter(({ name }) => name !== ''));
    expect(symbols.skipped()).toEqual([]);
  });

  it('answers for names by the first module that has them', () => {
    const symbols = new ModuleSymbols(write(MODULES).memory, LAYOUT, HEAD);
    expect(symbols.lookup(['init_module', 'no_such_name'])).toEqual(
      new Map([['init_module', 0xffffffffc1000020n]]),
    );
  });

  it('ends at a list that is broken, and says where', () => {
    const { memory, places } = write(MODULES);
    memory.writeWord((places[1] as bigint) + 16n, 0x1234n);
    const symbols = new ModuleSymbols(memory, LAYOUT, HEAD);
    expect(new Set([...symbols.each()].map(({ module }) => module))).toEqual(new Set(['ext4']));
    expect(symbols.skipped()).toMatchObject([{ reason: { code: 'MODULE_LIST_BROKEN' } }]);
  });

  it('goes on behind a module whose tables are missing, or cannot be', () => {
    const { memory, places } = write(MODULES);
    memory.writeWord((places[0] as bigint) + 0x400n, 0xffffffffdead0000n);
    memory.writeWord((places[1] as bigint) + 0x408n, 0xffffffffn);
    const symbols = new ModuleSymbols(memory, LAYOUT, HEAD);
    expect([...symbols.each()].map(({ module }) => module)).toEqual(['fuse']);
    expect(symbols.skipped()).toMatchObject([
      { subject: { kind: 'module-symbols', name: 'ext4', first: 1 } },
      { reason: { code: 'MODULE_SYMBOLS_IMPLAUSIBLE', fields: { module: 'no_symbols' } } },
    ]);
  });

  it('takes one that is only just being loaded for one without symbols', () => {
    const { memory, places } = write(MODULES);
    memory.writeWord((places[0] as bigint) + 888n, 0n);
    const symbols = new ModuleSymbols(memory, LAYOUT, HEAD);
    expect([...symbols.each()].map(({ module }) => module)).toEqual(['fuse']);
    expect(symbols.skipped()).toEqual([]);
  });

  it('takes the letters out of the symbols where they have no array of their own', () => {
    const { memory, places } = write(MODULES.slice(2));
    const { typetab: _none, ...layout } = LAYOUT;
    const symbol = (places[0] as bigint) + 0x1000n + 24n;
    const letters = () => [...new ModuleSymbols(memory, layout, HEAD).each()].map(({ type }) => type);
    memory.writeBytes(symbol + 4n, Uint8Array.of(0x12));
    memory.writeBytes(symbol + 16n, Uint8Array.of(0x64));
    expect(letters()).toEqual(['d']);
    memory.writeBytes(symbol + 4n, Uint8Array.of(0x74));
    expect(letters()).toEqual(['t']);
  });
});
